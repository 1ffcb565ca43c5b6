//! The description of the API as a page: `openapi.json`, which is built in, as tables. No script, and nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use board::language::Language;
use figures::escape::escape;
use serde_json::Value;

/// The description (OpenAPI 3), kept by hand and held to the answers by a test.
pub const OPENAPI: &str = include_str!("../openapi.json");

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(OPENAPI).expect("the description is JSON, which a test holds"));

/// Its name in the menu and as a heading.
pub(crate) const NAME: &str = "API";

/// The page's content. What the description itself says is English.
pub(crate) fn page(language: Language) -> String {
    let mut page = String::new();
    let lead = language.say(
        "Samma siffror som på sidorna, för program: JSON över HTTP, utan skript och utan nyckel i adressen. Det som saknas är null, aldrig noll, och ordet som säger varför står bredvid. En fråga som inte förstås får 400 med det som går att välja. Beskrivningen nedan är på engelska.",
        "The same figures as on the pages, for programs: JSON over HTTP, without script and without a key in the address. What is missing is null, never zero, and the word that says why stands beside it. A question that is not understood gets 400 with what can be chosen.",
    );
    let whole = language.say("Hela beskrivningen, för program:", "The whole description, for programs:");
    let _ = write!(page, "<p class=\"lead\">{lead} {whole} <a href=\"/openapi.json\">openapi.json</a></p>");
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    let links = paths
        .clone()
        .map(|(path, item)| format!("<li><a href=\"#{}\"><code>{}</code></a></li>", id(&item["get"]), breaking(path)));
    let _ = write!(
        page,
        "<section class=\"card prose\" id=\"adresser\"><h2>{}</h2><ul>{}</ul></section>",
        language.say("Adresser", "Addresses"),
        links.collect::<String>()
    );
    for (path, item) in paths {
        operation(&mut page, language, path, &item["get"]);
    }
    let schemas = DESCRIPTION["components"]["schemas"].as_object().into_iter().flatten();
    for (name, schema) in schemas {
        let _ = write!(page, "<section class=\"card\" id=\"schema-{0}\"><h2>{0}</h2>", escape(name));
        described(&mut page, schema);
        table(&mut page, language, &format!("falt-{name}"), &fields(schema));
        page.push_str("</section>");
    }
    page
}

fn id(operation: &Value) -> String {
    format!("fraga-{}", escape(text(&operation["operationId"])))
}

/// An address or a media type that a narrow page can break after each of its parts.
fn breaking(path: &str) -> String {
    escape(path).replace('/', "/<wbr>")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn described(page: &mut String, item: &Value) {
    if let Some(said) = item["description"].as_str() {
        let _ = write!(page, "<p class=\"hint\" lang=\"en\">{}</p>", escape(said));
    }
}

/// What a reference stands for, or the thing itself.
fn resolved(item: &Value) -> &Value {
    item["$ref"].as_str().and_then(|reference| DESCRIPTION.pointer(reference.trim_start_matches('#'))).unwrap_or(item)
}

fn operation(page: &mut String, language: Language, path: &str, operation: &Value) {
    let id = id(operation);
    let _ = write!(
        page,
        "<section class=\"card\" id=\"{id}\"><h2><code>GET {}</code></h2><p lang=\"en\">{}</p>",
        breaking(path),
        escape(text(&operation["summary"]))
    );
    described(page, operation);
    let parameters: Vec<Row> =
        operation["parameters"].as_array().into_iter().flatten().map(resolved).map(parameter).collect();
    if !parameters.is_empty() {
        table(page, language, &format!("{id}-val"), &parameters);
    }
    page.push_str("<dl class=\"terms\">");
    let mut answer = Vec::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let response = resolved(response);
        let kinds = response["content"].as_object().into_iter().flatten();
        let mut shape = String::new();
        for (kind, content) in kinds {
            let _ = write!(shape, " <code>{}</code>", breaking(kind));
            match content["schema"]["$ref"].as_str() {
                Some(reference) => {
                    let _ = write!(shape, " {}", link(reference));
                }
                None => answer = fields(&content["schema"]),
            }
        }
        let said = escape(text(&response["description"]));
        let _ = write!(page, "<div><dt>{status}</dt><dd><span lang=\"en\">{said}</span>{shape}</dd></div>");
    }
    page.push_str("</dl>");
    if !answer.is_empty() {
        let _ = write!(
            page,
            "<details class=\"more\"><summary>{}</summary>",
            language.say("Svarets fält", "Fields of the answer")
        );
        table(page, language, &format!("{id}-svar"), &answer);
        page.push_str("</details>");
    }
    page.push_str("</section>");
}

/// A row of a table: name, what it can be as markup, what it means.
struct Row {
    name: String,
    kind: String,
    meaning: String,
}

fn parameter(parameter: &Value) -> Row {
    let name = text(&parameter["name"]);
    let name = if parameter["in"] == "path" { format!("{{{name}}}") } else { name.to_owned() };
    Row { name, kind: kind(&parameter["schema"]), meaning: text(&parameter["description"]).to_owned() }
}

/// The fields of an object, those inside others with their path.
fn fields(schema: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    collect(schema, "", &mut rows);
    rows
}

fn collect(schema: &Value, before: &str, rows: &mut Vec<Row>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{before}{name}");
        rows.push(Row { name: name.clone(), kind: kind(field), meaning: text(&field["description"]).to_owned() });
        collect(field, &format!("{name}."), rows);
        collect(&field["items"], &format!("{name}[]."), rows);
    }
}

fn link(reference: &str) -> String {
    let name = escape(reference.rsplit('/').next().unwrap_or_default());
    format!("<a href=\"#schema-{name}\">{name}</a>")
}

/// What a value can be.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return link(reference);
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<String> =
            choices.iter().map(|choice| format!("<code>{}</code>", escape(&plain(choice)))).collect();
        return choices.join(" ");
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(", "),
        kind => text(kind).to_owned(),
    };
    let mut said = escape(&kinds);
    if schema["items"].is_object() {
        let _ = write!(said, ": {}", kind(&schema["items"]));
    }
    for detail in ["format", "pattern"] {
        if let Some(value) = schema[detail].as_str() {
            let _ = write!(said, ", <code>{}</code>", escape(value));
        }
    }
    if let (Some(least), Some(most)) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        let _ = write!(said, ", {least}–{most}");
    }
    said
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn table(page: &mut String, language: Language, id: &str, rows: &[Row]) {
    let heads = [language.say("Namn", "Name"), language.say("Värden", "Values"), language.say("Betydelse", "Meaning")];
    let caption = language.say("Namn, värden och betydelse", "Names, values and meanings");
    let id = escape(id);
    let _ = write!(
        page,
        "<div class=\"table-wrap\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}: {id}\">\
         <table id=\"{id}\" class=\"board plain\"><caption class=\"vh\">{caption}</caption><thead><tr>"
    );
    for head in heads {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    for Row { name, kind, meaning } in rows {
        let _ = write!(
            page,
            "<tr><th scope=\"row\"><code>{}</code></th><td class=\"text\" lang=\"en\">{kind}</td><td class=\"text\" lang=\"en\">{}</td></tr>",
            escape(name),
            escape(meaning)
        );
    }
    page.push_str("</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_parameter_and_schema_is_on_the_page_in_both_languages() {
        for language in [Language::Sv, Language::En] {
            let page = page(language);
            for (path, item) in DESCRIPTION["paths"].as_object().unwrap() {
                assert!(page.replace("<wbr>", "").contains(&format!("<code>GET {path}</code>")), "{path}");
                for parameter in item["get"]["parameters"].as_array().unwrap() {
                    let name = text(&resolved(parameter)["name"]).to_owned();
                    assert!(page.contains(&name), "{path} {name}");
                }
            }
            for name in DESCRIPTION["components"]["schemas"].as_object().unwrap().keys() {
                assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
            }
            for target in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(page.contains(&format!("id=\"{target}\"")), "{target} leads nowhere");
            }
            for foreign in ["<script", "http://", "https://", " style="] {
                assert!(!page.contains(foreign), "{foreign}");
            }
        }
    }
}
