//! What a consumer reads: every topic behind the processor, record by record.

use crate::{search::Sheet, stack::Stack, topic_read};

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    let client = topic_read::client(stack.bootstrap(), "search").expect("a Kafka client");
    let ends = topic_read::ends(&client, &|topic| !topic.contains(".source.") && !topic.starts_with("__"))
        .expect("Kafka answers");
    for (topic, _) in ends.keys() {
        sheet.scan("topic name", topic.as_bytes());
    }
    topic_read::read(&client, &ends, &mut |record| {
        sheet.scan("topic", &record.payload);
        sheet.scan("key", &record.key.unwrap_or_default());
        for (name, value) in record.headers {
            sheet.scan("header", name.as_bytes());
            sheet.scan("header", &value);
        }
    })
    .expect("Kafka answers");
}
