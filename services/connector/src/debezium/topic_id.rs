//! The ids of topics: a topic that is deleted and made anew has another, and its offsets say nothing of the old one's.
//!
//! librdkafka knows them and rdkafka does not pass them on, so this is the one place that asks librdkafka itself.
#![expect(unsafe_code, reason = "rdkafka has no call for the ids of topics")]

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::Duration;

use rdkafka::bindings as native;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, KafkaResult};
use runtime::policy;

/// How much longer than the broker's answer the wait for librdkafka may take: it ends a request that is late itself.
const SLACK: Duration = Duration::from_secs(1);

/// The id of each topic, as Kafka's own tools write it; none of a topic that is not there, or of a broker without ids.
pub(super) fn of<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    answer_max: Duration,
) -> KafkaResult<Vec<Option<String>>> {
    let late = KafkaError::MetadataFetch(policy::LATE);
    let names: Vec<CString> = topics.iter().filter_map(|topic| CString::new(topic.as_str()).ok()).collect();
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let millis = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client and the names live until the end of this function. What is made here is destroyed here, once, after
    // its last use; nothing between returns or panics.
    let answer = unsafe {
        let client = client.native_ptr();
        let asked = native::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let options =
            native::rd_kafka_AdminOptions_new(client, native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        native::rd_kafka_AdminOptions_set_request_timeout(options, millis(answer_max), ptr::null_mut(), 0);
        let queue = native::rd_kafka_queue_new(client);
        native::rd_kafka_DescribeTopics(client, asked, options, queue);
        let event = native::rd_kafka_queue_poll(queue, millis(answer_max + SLACK));
        let answer = if event.is_null() { None } else { Some(described(event)) };
        if !event.is_null() {
            native::rd_kafka_event_destroy(event);
        }
        native::rd_kafka_queue_destroy(queue);
        native::rd_kafka_AdminOptions_destroy(options);
        native::rd_kafka_TopicCollection_destroy(asked);
        answer
    };
    let found = answer.ok_or(late)?.map_err(|code| KafkaError::MetadataFetch(code.into()))?;
    let id = |topic: &String| found.iter().find(|(name, _)| name == topic).map(|(_, id)| id.clone());
    Ok(topics.iter().map(id).collect())
}

/// Names and ids of the topics in an answer.
///
/// # Safety
/// `event` is one that librdkafka gave and that is not destroyed.
unsafe fn described(
    event: *mut native::rd_kafka_event_t,
) -> Result<Vec<(String, String)>, native::rd_kafka_resp_err_t> {
    // SAFETY: what is read belongs to the event; every pointer is looked at before it is followed, and texts are copied.
    unsafe {
        let error = native::rd_kafka_event_error(event);
        if error != native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(error);
        }
        let result = native::rd_kafka_event_DescribeTopics_result(event);
        let mut count = 0;
        let topics = if result.is_null() {
            ptr::null_mut()
        } else {
            native::rd_kafka_DescribeTopics_result_topics(result, &mut count)
        };
        let mut found = Vec::new();
        if topics.is_null() {
            return Ok(found);
        }
        for at in 0..count {
            let topic = *topics.add(at);
            let id = native::rd_kafka_TopicDescription_topic_id(topic);
            let is_known = !id.is_null()
                && (native::rd_kafka_Uuid_most_significant_bits(id) != 0
                    || native::rd_kafka_Uuid_least_significant_bits(id) != 0);
            if is_known {
                let name = text(native::rd_kafka_TopicDescription_name(topic));
                found.push((name, text(native::rd_kafka_Uuid_base64str(id))));
            }
        }
        Ok(found)
    }
}

/// # Safety
/// `text` is null or ends with a zero byte.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller says so.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
