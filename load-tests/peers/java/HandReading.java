import java.nio.charset.StandardCharsets;

/** By hand: one look at each segment's name, then only at the fields that are taken. */
final class HandReading implements Reading {
    @Override
    public String[] read(byte[] message) {
        // Every byte is a letter: what is taken is ASCII, and nothing else is looked at.
        String text = new String(message, StandardCharsets.ISO_8859_1);
        if (!text.startsWith("MSH|")) {
            return null;
        }
        String[] fields = {"", "", "", "", "", "", ""};
        boolean event = false;
        boolean patient = false;
        boolean visit = false;
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\r', at);
            end = end < 0 ? text.length() : end;
            if (at == 0) {
                // MSH-1 is the separator itself.
                fields[1] = take(text, at, end, 8, 2);
            } else if (!event && text.startsWith("EVN|", at)) {
                event = true;
                fields[2] = take(text, at, end, 2, 1);
            } else if (!patient && text.startsWith("PID|", at)) {
                patient = true;
                fields[0] = take(text, at, end, 3, 1);
            } else if (!visit && text.startsWith("PV1|", at)) {
                visit = true;
                fields[3] = take(text, at, end, 19, 1);
                fields[4] = take(text, at, end, 2, 1);
                fields[5] = take(text, at, end, 3, 1);
                fields[6] = take(text, at, end, 3, 3);
            }
            at = end + 1;
        }
        return fields[0].isEmpty() || fields[3].isEmpty() ? null : fields;
    }

    /** First subcomponent of this component of the field's first repetition. */
    private static String take(String text, int from, int end, int field, int component) {
        int at = from;
        for (int left = field; left > 0; left--) {
            at = text.indexOf('|', at) + 1;
            if (at == 0 || at > end) {
                return "";
            }
        }
        int start = at;
        for (int left = component; ; at++) {
            char sign = at < end ? text.charAt(at) : '|';
            if (sign == '|' || sign == '~' || (sign == '&' && left == 1)) {
                return left == 1 ? text.substring(start, at) : "";
            }
            if (sign == '^') {
                if (left == 1) {
                    return text.substring(start, at);
                }
                left--;
                start = at + 1;
            }
        }
    }
}
