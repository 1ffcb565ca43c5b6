import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The job in Flink, with its cluster in this process. */
public final class FlinkPeer {
    public static void main(String[] arguments) throws Exception {
        var environment = StreamExecutionEnvironment.createLocalEnvironment(2);
        environment.enableCheckpointing(1000);
        environment.getConfig().enableObjectReuse();
        var source = KafkaSource.<byte[]>builder()
                .setBootstrapServers(Job.told("BOOTSTRAP"))
                .setTopics(Job.told("INPUT"))
                .setGroupId(Job.told("GROUP"))
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setValueOnlyDeserializer(new Bytes())
                .build();
        var answers = KafkaRecordSerializationSchema.<Tuple2<byte[], byte[]>>builder()
                .setTopic(Job.told("OUTPUT"))
                .setKeySerializationSchema(new Part(0))
                .setValueSerializationSchema(new Part(1))
                .build();
        var sink = KafkaSink.<Tuple2<byte[], byte[]>>builder()
                .setBootstrapServers(Job.told("BOOTSTRAP"))
                .setKafkaProducerConfig(Job.writing())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(answers)
                .build();
        environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), "in")
                .flatMap(new Step())
                .returns(Types.TUPLE(Types.PRIMITIVE_ARRAY(Types.BYTE), Types.PRIMITIVE_ARRAY(Types.BYTE)))
                .sinkTo(sink);
        environment.execute("visits");
    }

    private static final class Bytes extends AbstractDeserializationSchema<byte[]> {
        @Override
        public byte[] deserialize(byte[] message) {
            return message;
        }
    }

    /** A class of its own, for the sink asks a lambda for its type and fails. */
    private static final class Part implements SerializationSchema<Tuple2<byte[], byte[]>> {
        private final int place;

        Part(int place) {
            this.place = place;
        }

        @Override
        public byte[] serialize(Tuple2<byte[], byte[]> answer) {
            return answer.getField(place);
        }
    }

    private static final class Step extends RichFlatMapFunction<byte[], Tuple2<byte[], byte[]>> {
        private transient Job job;

        @Override
        public void open(OpenContext context) {
            job = new Job("hand");
        }

        @Override
        public void flatMap(byte[] message, Collector<Tuple2<byte[], byte[]>> out) {
            byte[][] answer = job.answer(message);
            if (answer != null) {
                out.collect(Tuple2.of(answer[0], answer[1]));
            }
        }
    }
}
