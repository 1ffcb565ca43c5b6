//! A region's own deliveries, from a real Kafka to a sealed parcel.
