#!/usr/bin/env bash
# Apicurio's Avro converter 2.6.13 for Kafka Connect: what it makes of a null in a column that has a default.
#
# Guess: null, for the Avro schema that it makes has a null beside the type; or the default, as Connect's JSON converter has it,
# with a setting (replace.null.with.default) that turns it off.
# Seen: the default, and no setting names nulls or defaults. Connect's JSON converter 4.3.1 writes it too, with or without schemas,
# until replace.null.with.default is false. So what a database says of nobody passes for what it says of everybody.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > Seen.java <<'JAVA'
import io.apicurio.registry.utils.converter.avro.*;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.JsonConverter;

public class Seen {
    public static void main(String[] arguments) {
        Schema code = SchemaBuilder.string().optional().defaultValue("PVV").build();
        Schema day = SchemaBuilder.int32().name("io.debezium.time.Date").optional().defaultValue(18262).build();
        Schema schema = SchemaBuilder.struct().name("Row").field("code", code).field("day", day).build();
        Struct row = new Struct(schema).put("code", null).put("day", null);
        System.out.println("avro " + new AvroData(10).fromConnectData(schema, row));
        System.out.println("settings " + String.join(" ", new TreeSet<>(AvroDataConfig.baseConfigDef().names())));
        for (String replace : List.of("true", "false")) {
            JsonConverter json = new JsonConverter();
            json.configure(Map.of("schemas.enable", "false", "replace.null.with.default", replace), false);
            System.out.println("json " + replace + " " + new String(json.fromConnectData("topic", schema, row)));
        }
    }
}
JAVA
cat > expected <<'TEXT'
avro {"code": "PVV", "day": 18262}
settings connect.meta.data enhanced.avro.schema.support schemas.cache.config
json true {"code":"PVV","day":18262}
json false {"code":null,"day":null}
TEXT
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencyManagement><dependencies><dependency><groupId>com.fasterxml.jackson</groupId><artifactId>jackson-bom</artifactId>
<version>2.19.2</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>
<dependencies><dependency><groupId>io.apicurio</groupId><artifactId>apicurio-registry-utils-converter</artifactId>
<version>2.6.13.Final</version></dependency><dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId>
<version>4.3.1</version></dependency></dependencies></project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars > mvn.log
java -cp "jars/*" Seen.java 2> java.log | grep -E '^(avro|settings|json) ' > seen || { cat java.log; exit 1; }
cat seen
diff expected seen || { echo "no longer so"; exit 1; }
