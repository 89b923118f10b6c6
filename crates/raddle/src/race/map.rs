//! A table by addresses.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by addresses, or names.
pub(super) type Map<V> = HashMap<usize, V, BuildHasherDefault<Mixed>>;

/// The hash of an address: its bits, mixed. (Nobody chooses addresses to have them meet.)
#[derive(Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        let mixed = (self.0 ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 32;
    }
}
