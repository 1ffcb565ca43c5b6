import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.parser.CanonicalModelClassFactory;
import ca.uhn.hl7v2.parser.PipeParser;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.nio.charset.StandardCharsets;

/** By HAPI HL7v2: the whole message becomes a tree of version 2.5, and fields are asked for by their paths. */
final class HapiReading implements Reading {
    private static final String[] PATHS = {
        "/.PID-3-1", "/.MSH-9-2", "/.EVN-2-1", "/.PV1-19-1", "/.PV1-2-1", "/.PV1-3-1", "/.PV1-3-3"
    };

    private final PipeParser parser;

    HapiReading() {
        var context = new DefaultHapiContext(new CanonicalModelClassFactory("2.5"));
        context.setValidationContext(ValidationContextFactory.noValidation());
        parser = context.getPipeParser();
    }

    @Override
    public String[] read(byte[] message) {
        try {
            var terser = new Terser(parser.parse(new String(message, StandardCharsets.ISO_8859_1)));
            String[] fields = new String[PATHS.length];
            for (int at = 0; at < fields.length; at++) {
                String value = terser.get(PATHS[at]);
                fields[at] = value == null ? "" : value;
            }
            return fields[0].isEmpty() || fields[3].isEmpty() ? null : fields;
        } catch (HL7Exception refused) {
            // Also where the message's structure has no such segment: a merge has no visit.
            return null;
        }
    }
}
