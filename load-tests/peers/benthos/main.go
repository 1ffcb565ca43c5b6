// The job in the Benthos engine: Bloblang in pipeline.yaml, with Kafka and Avro as small plugins, because the engine has neither.
package main

import (
	"context"
	_ "embed"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/redpanda-data/benthos/v4/public/bloblang"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/twmb/franz-go/pkg/kgo"
)

//go:embed pipeline.yaml
var pipeline string

// Records of one batch through the pipeline, and batches on their way out.
const (
	batchMax    = 1000
	inFlightMax = 4
)

func main() {
	check(registerAvro())
	check(service.RegisterBatchInput("peer_in", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.BatchInput, error) { return &input{}, nil }))
	check(service.RegisterBatchOutput("peer_out", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
			return &output{}, service.BatchPolicy{}, inFlightMax, nil
		}))
	builder := service.NewStreamBuilder()
	check(builder.SetYAML(pipeline))
	stream, err := builder.Build()
	check(err)
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := stream.Run(ended); err != nil && ended.Err() == nil {
		log.Fatal(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func told(name string) string { return os.Getenv("PEER_" + name) }

// The Bloblang method `visit_avro`: an object in the wire format of registries.
func registerAvro() error {
	text, err := os.ReadFile(told("SCHEMA"))
	if err != nil {
		return err
	}
	schema, err := avro.Parse(string(text))
	if err != nil {
		return err
	}
	method := func(value any) (any, error) {
		datum, err := avro.Marshal(schema, value)
		return append([]byte{0, 0, 0, 0, 1}, datum...), err
	}
	return bloblang.RegisterMethodV2("visit_avro", bloblang.NewPluginSpec(),
		func(*bloblang.ParsedParams) (bloblang.Method, error) { return method, nil })
}

// A batch that was read; it is committed when it and all before it are written.
type batch struct {
	records []*kgo.Record
	written bool
}

type input struct {
	client *kgo.Client
	mutex  sync.Mutex
	open   []*batch
}

func (in *input) Connect(context.Context) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(told("BOOTSTRAP")),
		kgo.ConsumerGroup(told("GROUP")),
		kgo.ConsumeTopics(told("INPUT")),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(time.Second),
	)
	in.client = client
	return err
}

func (in *input) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	fetches := in.client.PollRecords(ctx, batchMax)
	if err := fetches.Err(); err != nil {
		return nil, nil, err
	}
	read := &batch{records: fetches.Records()}
	messages := make(service.MessageBatch, 0, len(read.records))
	for _, record := range read.records {
		messages = append(messages, service.NewMessage(record.Value))
	}
	in.mutex.Lock()
	in.open = append(in.open, read)
	in.mutex.Unlock()
	return messages, func(_ context.Context, err error) error {
		if err != nil {
			log.Fatalf("a batch was not written: %v", err)
		}
		in.mutex.Lock()
		defer in.mutex.Unlock()
		read.written = true
		for len(in.open) > 0 && in.open[0].written {
			in.client.MarkCommitRecords(in.open[0].records...)
			in.open = in.open[1:]
		}
		return nil
	}, nil
}

func (in *input) Close(context.Context) error {
	if in.client != nil {
		in.client.Close()
	}
	return nil
}

type output struct{ client *kgo.Client }

func (out *output) Connect(context.Context) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(told("BOOTSTRAP")),
		kgo.DefaultProduceTopic(told("OUTPUT")),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	out.client = client
	return err
}

func (out *output) WriteBatch(ctx context.Context, messages service.MessageBatch) error {
	records := make([]*kgo.Record, 0, len(messages))
	for _, message := range messages {
		value, err := message.AsBytes()
		if err != nil {
			return err
		}
		key, _ := message.MetaGet("key")
		records = append(records, &kgo.Record{Key: []byte(key), Value: value})
	}
	return out.client.ProduceSync(ctx, records...).FirstErr()
}

func (out *output) Close(context.Context) error {
	if out.client != nil {
		out.client.Close()
	}
	return nil
}
