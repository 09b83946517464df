//! The rows that limits are kept in: at most so many, whoever comes.
//!
//! A row is 32 bytes, whatever its caller is called. When there is no room, rows that are as good as
//! none go first (their caller has a whole burst again), then the one that was used least recently:
//! that caller's calls are then counted anew. Nothing waits: a lock is held for one look-up, or for a
//! scan of the few hundred rows of one shard.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::row_key::RowKey;

/// Rows to a shard, about: a scan of them takes less than a microsecond.
const SHARD: usize = 512;

/// No table holds more rows than this.
const MOST: usize = 1_000_000;

/// What is known of one caller, in nanoseconds since the limits were made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// When a whole burst is there again: GCRA's "theoretical arrival time".
    pub(super) full_at: u64,
    /// The last call, let through or not.
    pub(super) used: u64,
}

type Rows = HashMap<RowKey, Row, BuildHasherDefault<AsItIs>>;

pub(super) struct Table {
    shards: Box<[Mutex<Rows>]>,
    /// How many rows each shard has room for.
    room: usize,
}

impl Table {
    /// Of at most `tracked` rows, but at least one and at most a million.
    pub(super) fn new(tracked: usize) -> Self {
        let tracked = tracked.clamp(1, MOST);
        let shards = (tracked / SHARD).max(1).next_power_of_two();
        Self {
            room: tracked / shards,
            shards: (0..shards).map(|_| Mutex::default()).collect(),
        }
    }

    /// The rows among which that of `key` is, if there is one.
    pub(super) fn shard(&self, key: RowKey) -> Shard<'_> {
        let index = key.shard() & (self.shards.len() - 1);
        Shard {
            // Nothing panics while it is held.
            rows: self.shards[index]
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            room: self.room,
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        let rows = |shard: &Mutex<Rows>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(rows).sum()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Table")
            .field("rows", &self.len())
            .field("room", &(self.room * self.shards.len()))
            .finish()
    }
}

/// Some of the rows, for one caller at a time.
pub(super) struct Shard<'a> {
    rows: MutexGuard<'a, Rows>,
    room: usize,
}

impl Shard<'_> {
    pub(super) fn get(&mut self, key: RowKey) -> Option<&mut Row> {
        self.rows.get_mut(&key)
    }

    /// Adds or replaces a row, at the moment it was used.
    pub(super) fn put(&mut self, key: RowKey, row: Row) {
        if let Some(known) = self.rows.get_mut(&key) {
            *known = row;
            return;
        }
        if self.rows.len() >= self.room {
            self.make_room(row.used);
        }
        self.rows.insert(key, row);
    }

    /// In one pass: out with all that are as good as none, or with the oldest.
    fn make_room(&mut self, now: u64) {
        let mut oldest: Option<(RowKey, u64)> = None;
        self.rows.retain(|key, row| {
            if oldest.is_none_or(|(_, used)| row.used < used) {
                oldest = Some((*key, row.used));
            }
            row.full_at > now
        });
        if self.rows.len() >= self.room
            && let Some((key, _)) = oldest
        {
            self.rows.remove(&key);
        }
    }
}

/// A key is random already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::row_key::RowKeys;

    fn row(full_at: u64, used: u64) -> Row {
        Row { full_at, used }
    }

    /// One shard of three rows.
    fn small() -> (Table, Vec<RowKey>) {
        let keys = RowKeys::default();
        (Table::new(3), (0..5).map(|n| keys.of(&n)).collect())
    }

    fn known(table: &Table, keys: &[RowKey]) -> Vec<bool> {
        let known = |key: &RowKey| table.shard(*key).get(*key).is_some();
        keys.iter().map(known).collect()
    }

    #[test]
    fn rows_as_good_as_none_go_first() {
        let (table, keys) = small();
        table.shard(keys[0]).put(keys[0], row(500, 1));
        table.shard(keys[1]).put(keys[1], row(20, 2));
        table.shard(keys[2]).put(keys[2], row(30, 3));
        table.shard(keys[3]).put(keys[3], row(40, 30));
        assert_eq!(known(&table, &keys), [true, false, false, true, false]);
    }

    #[test]
    fn then_the_least_recently_used() {
        let (table, keys) = small();
        for (key, used) in keys.iter().zip([3, 1, 2]) {
            table.shard(*key).put(*key, row(500, used));
        }
        table.shard(keys[1]).get(keys[1]).expect("a row").used = 4;
        table.shard(keys[3]).put(keys[3], row(500, 5));
        assert_eq!(known(&table, &keys), [true, true, false, true, false]);
        table.shard(keys[4]).put(keys[4], row(500, 6));
        assert_eq!(known(&table, &keys), [false, true, false, true, true]);
    }

    #[test]
    fn no_table_holds_more_than_it_may() {
        let keys = RowKeys::default();
        for tracked in [0, 1, 3, 511, 1_024, 10_000] {
            let table = Table::new(tracked);
            for n in 0..15_000_u64 {
                let key = keys.of(&n);
                table.shard(key).put(key, row(u64::MAX, n));
            }
            let most = tracked.max(1);
            assert!(table.len() <= most, "{} of {tracked}", table.len());
            assert!(table.len() * 10 >= most * 9, "{} of {tracked}", table.len());
        }
        assert_eq!(Table::new(usize::MAX).room, 512 - 24);
    }

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<(RowKey, Row)>(), 32);
    }
}
