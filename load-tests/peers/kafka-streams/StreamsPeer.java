import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/** The job in Kafka Streams; the argument names the parser. */
public final class StreamsPeer {
    public static void main(String[] arguments) {
        String parser = arguments[0];
        var topology = new Topology();
        topology.addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), Job.told("INPUT"));
        topology.addProcessor("job", () -> new Step(parser), "in");
        topology.addSink("out", Job.told("OUTPUT"), new ByteArraySerializer(), new ByteArraySerializer(), "job");
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, Job.told("GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Job.told("BOOTSTRAP"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Job.told("FOLDER"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        Job.writing().forEach((name, value) -> settings.put(StreamsConfig.producerPrefix((String) name), value));
        var streams = new KafkaStreams(topology, settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static final class Step extends ContextualProcessor<byte[], byte[], byte[], byte[]> {
        private final Job job;

        Step(String parser) {
            job = new Job(parser);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            byte[][] answer = job.answer(record.value());
            if (answer != null) {
                context().forward(new Record<>(answer[0], answer[1], record.timestamp()));
            }
        }
    }
}
