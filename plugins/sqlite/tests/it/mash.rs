//! Statements put together at random from pieces of the other lists: most are nonsense, some are not.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::benign::BENIGN;
use crate::bombs::BOMBS;
use crate::bypass::{REFUSED, statements};
use crate::fixture::Shop;

/// How many are tried; `SQLITE_MASH` sets another number.
const TRIED: usize = 3000;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// A beginning of one statement and an end of another, with a piece of a third between or around.
fn mash(dice: &mut Dice, pieces: &[Vec<String>]) -> String {
    let one = &pieces[dice.below(pieces.len())];
    let two = &pieces[dice.below(pieces.len())];
    let three = &pieces[dice.below(pieces.len())];
    let cut = |dice: &mut Dice, words: &[String]| dice.below(words.len() + 1);
    let (a, b, c) = (cut(dice, one), cut(dice, two), cut(dice, three));
    let (start, end, all) = (one[..a].join(" "), two[b..].join(" "), two.join(" "));
    match dice.below(7) {
        0 => format!("{start} {end}"),
        1 => format!("{start} ({all}) {end}"),
        2 => format!("SELECT * FROM ({all})"),
        3 => format!("WITH x AS ({all}) {}", one.join(" ")),
        4 => format!("{};{all}", one.join(" ")),
        5 => format!("{start} {} {end}", three[c..].join(" ")),
        _ => format!("SELECT ({all}), ({}) FROM people, orders", one.join(" ")),
    }
}

#[tokio::test]
async fn no_mixture_changes_anything_or_takes_for_ever() {
    let tried = std::env::var("SQLITE_MASH").map_or(TRIED, |text| text.parse().unwrap());
    let shop = Shop::with(json!({ "timeout": "50ms", "max_memory_bytes": 64 << 20 })).await;
    let writer = Shop::with(json!({ "timeout": "50ms", "mode": "readwrite" })).await;
    let before = shop.fingerprint();
    let schema = writer.schema();
    let pieces: Vec<Vec<String>> = [REFUSED, BENIGN, BOMBS]
        .iter()
        .flat_map(|list| statements(list))
        .map(|sql| sql.split(' ').map(str::to_owned).collect())
        .collect();
    let mut dice = Dice(2026);
    let mut answered = 0;
    for _ in 0..tried {
        let sql = mash(&mut dice, &pieces);
        for (tool, plugin) in [("query", &shop.plugin), ("execute", &writer.plugin)] {
            let started = Instant::now();
            let outcome = plugin.call(tool, json!({ "sql": sql })).await;
            let took = started.elapsed();
            assert!(took < Duration::from_secs(5), "{took:?}: {sql}");
            match outcome {
                Ok(_) => answered += 1,
                Err(error) => {
                    let told = error.public_message();
                    let told = told.unwrap_or_else(|| panic!("{sql}: {}", error.log_message()));
                    assert!(!told.contains("shop.db"), "{sql}: {told}");
                }
            }
        }
    }
    assert!(answered > tried / 20, "only {answered} made sense");
    assert_eq!(shop.fingerprint(), before);
    // Where rows may be changed, that is all that was.
    assert_eq!(writer.schema(), schema);
    let files: Vec<String> = writer
        .fingerprint()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(files, ["shop.db"]);
}
