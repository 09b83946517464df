//! Values as they come out.

use serde_json::json;

use crate::fixture::Shop;

#[tokio::test]
async fn every_kind_of_value_has_one_form() {
    let shop = Shop::open().await;
    let sql = "SELECT NULL, 1, 9007199254740992, 9007199254740993, -1.5, 1e999, 'é\n\"', x'00ff', name, salary FROM people WHERE id = 1";
    let answer = shop.json("query", json!({ "sql": sql })).await;
    assert_eq!(
        answer["rows"],
        json!([[
            null, 1, 9_007_199_254_740_992_i64, "9007199254740993", -1.5, "Infinity", "é\n\"",
            { "base64": "AP8=" }, "Ada", 5000.0
        ]])
    );
    assert_eq!(
        answer["columns"][8],
        json!({ "name": "name", "type": "TEXT" })
    );
    assert_eq!(answer["columns"][0], json!({ "name": "NULL" }));
    assert_eq!(answer["row_count"], 1);
    assert!(answer["elapsed_ms"].is_u64());
    assert_eq!(answer.get("affected"), None);
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_shown_all_the_same() {
    let shop = Shop::open().await;
    let rows = shop
        .rows("SELECT CAST(x'61ff62' AS TEXT), replace(CAST(x'61ff' AS TEXT), '', 'x')")
        .await;
    assert_eq!(rows, json!([["a\u{FFFD}b", "a\u{FFFD}"]]));
}
