#!/usr/bin/env bash
# Apicurio's Avro converter 2.6.13 for Kafka Connect: where it writes the id of a schema.
#
# Guess: before the datum, behind a zero byte, as other converters do and as-confluent asks for.
# Seen: in a header, and the datum stands alone; only headers.enabled=false brings the id before it. A datum may begin with a
# zero byte, too, so the header has to be looked for first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>io.apicurio</groupId><artifactId>apicurio-registry-utils-converter</artifactId>
<version>2.6.13.Final</version></dependency></dependencies></project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars > mvn.log
cat > Seen.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import io.apicurio.registry.utils.converter.AvroConverter;
import java.net.InetSocketAddress;
import java.util.*;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.connect.data.*;

public class Seen {
    public static void main(String[] arguments) throws Exception {
        // A registry that takes every schema and gives it the id 7.
        HttpServer registry = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        registry.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            byte[] answer = ("{\"id\":\"a\",\"groupId\":\"default\",\"version\":\"1\",\"type\":\"AVRO\",\"state\":\"ENABLED\","
                + "\"globalId\":7,\"contentId\":7}").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        registry.start();
        String url = "http://127.0.0.1:" + registry.getAddress().getPort() + "/apis/registry/v2";
        Schema schema = SchemaBuilder.struct().name("Row").field("note", Schema.OPTIONAL_STRING_SCHEMA).build();
        List<String> seen = new ArrayList<>();
        for (Map<String, String> setting : List.of(
                Map.<String, String>of(),
                Map.of("apicurio.registry.as-confluent", "true"),
                Map.of("apicurio.registry.headers.enabled", "false"),
                Map.of("apicurio.registry.headers.enabled", "false", "apicurio.registry.as-confluent", "true"))) {
            Map<String, String> settings = new HashMap<>(setting);
            settings.put("apicurio.registry.url", url);
            settings.put("apicurio.registry.auto-register", "true");
            RecordHeaders headers = new RecordHeaders();
            try (AvroConverter<?> converter = new AvroConverter<>()) {
                converter.configure(settings, false);
                byte[] bytes = converter.fromConnectData("topic", headers, schema, new Struct(schema));
                StringBuilder text = new StringBuilder(HexFormat.ofDelimiter(" ").formatHex(bytes));
                headers.forEach(header -> text.append(" ").append(header.key()));
                System.out.println(new TreeMap<>(setting) + ": " + text);
                seen.add(text.toString());
            }
        }
        registry.stop(0);
        String inHeader = "00 apicurio.value.globalId apicurio.value.encoding";
        boolean holds = seen.equals(List.of(inHeader, inHeader, "00 00 00 00 00 00 00 00 07 00", "00 00 00 00 07 00"));
        System.exit(holds ? 0 : 1);
    }
}
JAVA
echo "apicurio-registry-utils-converter 2.6.13.Final"
java -cp "jars/*" Seen.java 2> java.log || { status=$?; cat java.log >&2; exit "$status"; }
