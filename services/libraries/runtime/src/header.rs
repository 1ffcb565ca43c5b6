//! A record's headers, as bytes.
//!
//! rdkafka 0.39's own reader can panic at a header that somebody else wrote. Here names are compared as they came, so that such
//! a header is only one that is not asked for.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use rdkafka::bindings::{rd_kafka_header_get_all, rd_kafka_headers_t};
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message};
use rdkafka::types::RDKafkaRespErr;

/// The value of the record's first header of this name; `None` where there is none, or it has no value.
#[expect(unsafe_code, reason = "rdkafka offers no reader of headers that cannot panic")]
pub fn first<'m>(message: &'m BorrowedMessage<'_>, name: &str) -> Option<&'m [u8]> {
    let headers = ptr::from_ref::<BorrowedHeaders>(message.headers()?).cast::<rd_kafka_headers_t>();
    for index in 0.. {
        let mut key: *const c_char = ptr::null();
        let mut value: *const c_void = ptr::null();
        let mut size = 0;
        // SAFETY: `headers` is librdkafka's own list, which rdkafka hands out as a reference to an empty type and which lives
        // as long as the message; librdkafka answers an index beyond the last with an error, and leaves the list as it is.
        let answer = unsafe { rd_kafka_header_get_all(headers, index, &raw mut key, &raw mut value, &raw mut size) };
        if answer != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        // SAFETY: librdkafka ends every name with a NUL, and keeps it as long as the list.
        let key = unsafe { CStr::from_ptr(key) };
        if key.to_bytes() == name.as_bytes() {
            // SAFETY: a value that is not null has `size` bytes, kept as long as the list, which the message owns.
            return (!value.is_null()).then(|| unsafe { std::slice::from_raw_parts(value.cast::<u8>(), size) });
        }
    }
    None
}
