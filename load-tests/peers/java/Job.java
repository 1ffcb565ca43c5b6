import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Properties;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** The job without Kafka; one for each thread. */
final class Job {
    private static final byte[] SCHEMA_ID = {0, 0, 0, 0, 1};

    private final Reading reading;
    private final Mac mac;
    private final GenericData.Record visit;
    private final GenericDatumWriter<GenericRecord> writer;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private BinaryEncoder encoder;

    Job(String parser) {
        reading = Reading.of(parser);
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(told("KEY").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            Schema schema = new Schema.Parser().parse(Path.of(told("SCHEMA")).toFile());
            visit = new GenericData.Record(schema);
            writer = new GenericDatumWriter<>(schema);
        } catch (GeneralSecurityException | IOException cause) {
            throw new IllegalStateException(cause);
        }
    }

    /** Key and value, or null. */
    byte[][] answer(byte[] message) {
        String[] fields = reading.read(message);
        if (fields == null) {
            return null;
        }
        fields[0] = HexFormat.of().formatHex(mac.doFinal(fields[0].getBytes(StandardCharsets.ISO_8859_1)));
        for (int at = 0; at < fields.length; at++) {
            visit.put(at, fields[at]);
        }
        try {
            out.reset();
            out.write(SCHEMA_ID);
            encoder = EncoderFactory.get().binaryEncoder(out, encoder);
            writer.write(visit, encoder);
            encoder.flush();
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        }
        return new byte[][] {fields[0].getBytes(StandardCharsets.ISO_8859_1), out.toByteArray()};
    }

    /** What the bench says in the environment. */
    static String told(String name) {
        String value = System.getenv("PEER_" + name);
        if (value == null) {
            throw new IllegalStateException("PEER_" + name + " is not set");
        }
        return value;
    }

    /** How every producer writes here. */
    static Properties writing() {
        Properties writing = new Properties();
        writing.put("acks", "all");
        writing.put("enable.idempotence", "true");
        writing.put("linger.ms", "5");
        writing.put("batch.size", "262144");
        return writing;
    }
}
