//! Takes over the Debezium topics that a region has in its own Kafka, as they are.
//!
//! In: the messages of the region's topics, JSON with or without Debezium's schema around them, or Avro by the schemas of a
//! registry; envelopes, or rows that were flattened. Out: each change as a source record of its feed, an envelope in JSON, as
//! it was written but for the schema, for dates, times and amounts that only the schema explains, and for what is not to be
//! believed of the row before. The position is the group's offset in the region's own
//! Kafka, committed only after our Kafka has acknowledged the change and every change before it of its partition; what
//! comes again after a kill has the same ids and bytes.
//!
//! Partitions are assigned, not subscribed: the group only keeps offsets, which Kafka's own tools can set while a fault waits
//! for them. They are committed again now and then, for Kafka forgets those of a group without members. An offset that Kafka no longer has is told and waits for somebody, never skipped: the changes in
//! between would be lost without a word. So is a topic that was deleted and made anew: its id, which stands in the metadata of
//! the group's offsets, is another, and an offset of the old one would pass over what the new one begins with.

pub(crate) mod avro;
mod before;
pub(crate) mod change;
mod consumer;
mod error;
mod registry;
mod source;
mod topic_id;
pub(crate) mod written;

pub(crate) use source::follow;
