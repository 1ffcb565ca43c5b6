//! The länskoder (SCB) of the 21 regions.

/// Every region, ascending; 02, 11, 15 and 16 do not exist any more.
pub const ALL: [&str; 21] = [
    "01", "03", "04", "05", "06", "07", "08", "09", "10", "12", "13", "14", "17", "18", "19", "20", "21", "22", "23",
    "24", "25",
];
