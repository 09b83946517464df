//! A small Notion: it keeps what it is given, and refuses what `checks.rs` says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::checks::{Refused, children, headers, invalid, only, page_size, properties};
use crate::world::World;

/// The running fake.
pub(crate) struct Fake {
    pub(crate) server: MockServer,
    world: Arc<Mutex<World>>,
}

struct Answerer(Arc<Mutex<World>>);

type Answer = Result<Value, Refused>;

impl Fake {
    pub(crate) async fn start(world: World) -> Self {
        let world = Arc::new(Mutex::new(world));
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(Answerer(Arc::clone(&world)))
            .mount(&server)
            .await;
        Self { server, world }
    }

    pub(crate) fn uri(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Method and path of every request so far.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.url.path()))
            .collect()
    }
}

impl Respond for Answerer {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut world = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match answer(&mut world, request) {
            Ok(answer) => ResponseTemplate::new(200).set_body_json(answer),
            Err((status, code, message)) => ResponseTemplate::new(status).set_body_json(
                json!({ "object": "error", "status": status, "code": code, "message": message }),
            ),
        }
    }
}

fn answer(world: &mut World, request: &Request) -> Answer {
    headers(request)?;
    let body: Value = if request.body.is_empty() {
        Value::Null
    } else {
        let invalid_json = |_| (400, "invalid_json", "Error parsing JSON body.".to_owned());
        serde_json::from_slice(&request.body).map_err(invalid_json)?
    };
    let path = request.url.path().trim_start_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["v1", "pages", id]) => thing(world, id, "page"),
        ("GET", ["v1", "databases", id]) => thing(world, id, "database"),
        ("GET", ["v1", "data_sources", id]) => thing(world, id, "data_source"),
        ("GET", ["v1", "blocks", id]) => block(world, id),
        ("GET", ["v1", "blocks", id, "children"]) => {
            block(world, id)?;
            let blocks: Vec<Value> = world.inside[*id]
                .iter()
                .map(|id| world.things[id].clone())
                .collect();
            paged_by_query(&blocks, request)
        }
        ("PATCH", ["v1", "blocks", id, "children"]) => append(world, id, &body),
        ("POST", ["v1", "search"]) => search(world, &body),
        ("POST", ["v1", "data_sources", id, "query"]) => query(world, id, &body),
        ("POST", ["v1", "pages"]) => create(world, &body),
        ("PATCH", ["v1", "pages", id]) => update(world, id, &body),
        ("GET", ["v1", "users"]) => {
            let users = json!([
                { "object": "user", "id": "u1", "type": "person", "name": "Ada\u{200b}", "person": { "email": "ada@example.com" } },
                { "object": "user", "id": "u2", "type": "bot", "name": "Robot", "bot": {} },
                { "object": "user", "id": "u3", "type": "person", "name": "Grace", "person": {} },
            ]);
            paged_by_query(
                users.as_array().map(Vec::as_slice).unwrap_or_default(),
                request,
            )
        }
        _ => Err((
            400,
            "invalid_request_url",
            "Invalid request URL.".to_owned(),
        )),
    }
}

fn thing(world: &World, id: &str, kind: &str) -> Answer {
    let found = world.things.get(id).filter(|thing| thing["object"] == kind);
    found.cloned().ok_or_else(|| {
        (
            404,
            "object_not_found",
            format!("Could not find {kind} with ID: {id}."),
        )
    })
}

/// A page is a block too.
fn block(world: &World, id: &str) -> Answer {
    thing(world, id, "block").or_else(|refused| {
        let page = thing(world, id, "page").map_err(|_| refused)?;
        Ok(json!({
            "object": "block", "id": id, "type": "child_page", "parent": page["parent"],
            "child_page": { "title": "" }, "has_children": true,
        }))
    })
}

fn paged(all: &[Value], size: usize, cursor: Option<&str>) -> Answer {
    let from = match cursor {
        None => 0,
        Some(cursor) => {
            let found = all.iter().position(|entry| entry["id"] == cursor);
            found.ok_or_else(|| invalid("start_cursor should be a valid cursor"))?
        }
    };
    let next = all.get(from + size).map(|entry| entry["id"].clone());
    let page: Vec<&Value> = all.iter().skip(from).take(size).collect();
    Ok(
        json!({ "object": "list", "results": page, "has_more": next.is_some(), "next_cursor": next }),
    )
}

fn paged_by_query(all: &[Value], request: &Request) -> Answer {
    let given = |name: &str| {
        let mut pairs = request.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let size = given("page_size").map(|size| size.parse().unwrap_or(0));
    paged(all, page_size(size)?, given("start_cursor").as_deref())
}

fn paged_by_body(all: &[Value], body: &Value) -> Answer {
    let size = match &body["page_size"] {
        Value::Null => None,
        size => Some(size.as_u64().unwrap_or(0)),
    };
    paged(all, page_size(size)?, body["start_cursor"].as_str())
}

fn search(world: &World, body: &Value) -> Answer {
    only(
        body,
        &["query", "filter", "sort", "start_cursor", "page_size"],
        "body",
    )?;
    if let Some(sort) = body.get("sort") {
        only(sort, &["timestamp", "direction"], "body.sort")?;
    }
    let wanted = match body.get("filter") {
        None => None,
        Some(filter) => {
            only(filter, &["property", "value"], "body.filter")?;
            let value = filter["value"].as_str().unwrap_or_default();
            if !["page", "data_source"].contains(&value) {
                return Err(invalid(
                    "body.filter.value should be `\"page\"` or `\"data_source\"`",
                ));
            }
            Some(value)
        }
    };
    let words = body["query"].as_str().unwrap_or_default().to_lowercase();
    let found: Vec<Value> = (world.things.values())
        .filter(|thing| {
            ["page", "data_source"]
                .into_iter()
                .any(|kind| thing["object"] == kind)
        })
        .filter(|thing| wanted.is_none_or(|wanted| thing["object"] == wanted))
        .filter(|thing| thing.to_string().to_lowercase().contains(&words))
        .cloned()
        .collect();
    paged_by_body(&found, body)
}

fn query(world: &World, id: &str, body: &Value) -> Answer {
    thing(world, id, "data_source")?;
    only(
        body,
        &["filter", "sorts", "start_cursor", "page_size"],
        "body",
    )?;
    let filter = body.get("filter");
    if let Some(filter) = filter {
        only(filter, &["property", "checkbox"], "body.filter")?;
    }
    let rows: Vec<Value> = (world.things.values())
        .filter(|thing| thing["object"] == "page" && thing["parent"]["data_source_id"] == id)
        .filter(|row| {
            filter.is_none_or(|filter| {
                let name = filter["property"].as_str().unwrap_or_default();
                row["properties"][name]["checkbox"] == filter["checkbox"]["equals"]
            })
        })
        .cloned()
        .collect();
    paged_by_body(&rows, body)
}

/// Puts `plain_text` beside what was written, as Notion does.
fn with_plain_text(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(with_plain_text),
        Value::Object(object) => {
            if let Some(content) = object
                .get("text")
                .and_then(|text| text.get("content"))
                .cloned()
            {
                object.insert("plain_text".to_owned(), content);
            }
            object.values_mut().for_each(with_plain_text);
        }
        _ => {}
    }
}

fn append(world: &mut World, id: &str, body: &Value) -> Answer {
    block(world, id)?;
    only(body, &["children", "position"], "body")?;
    let mut at = world.inside[id].len();
    if let Some(position) = body.get("position") {
        only(position, &["type", "after_block"], "body.position")?;
        only(
            &position["after_block"],
            &["id"],
            "body.position.after_block",
        )?;
        let after = &position["after_block"]["id"];
        let found = world.inside[id].iter().position(|block| after == block);
        at = 1 + found.ok_or_else(|| invalid("Block to append children after is not a child"))?;
    }
    let mut added = Vec::new();
    for child in children(&body["children"])? {
        let kind = child["type"].as_str().unwrap_or_default();
        let mut content = child[kind].clone();
        with_plain_text(&mut content);
        let new = world.next_id();
        world.block(&new, id, kind, content);
        let siblings = world.inside.get_mut(id).ok_or_else(|| invalid("gone"))?;
        let moved = siblings.pop().ok_or_else(|| invalid("gone"))?;
        siblings.insert(at, moved);
        at += 1;
        added.push(world.things[&new].clone());
    }
    Ok(json!({ "object": "list", "results": added, "has_more": false, "next_cursor": null }))
}

fn create(world: &mut World, body: &Value) -> Answer {
    only(body, &["parent", "properties", "children"], "body")?;
    let parent = &body["parent"];
    let kind = parent["type"].as_str().unwrap_or_default();
    only(parent, &["type", kind], "body.parent")?;
    let id = parent[kind].as_str().unwrap_or_default();
    let mut made = match kind {
        "page_id" => {
            thing(world, id, "page")?;
            json!({ "title": { "type": "title" } })
        }
        "data_source_id" => thing(world, id, "data_source")?["properties"].clone(),
        _ => return Err(invalid("body.parent should name a page or a data source")),
    };
    properties(&body["properties"], &made)?;
    for (name, value) in made.as_object_mut().into_iter().flatten() {
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        let mut given = body["properties"][name.as_str()][&kind].clone();
        with_plain_text(&mut given);
        *value = json!({ "type": kind });
        value[kind] = given;
    }
    let new = world.next_id();
    world.page(&new, parent.clone(), made);
    if let Some(blocks) = body.get("children") {
        append(world, &new, &json!({ "children": children(blocks)? }))?;
    }
    Ok(world.things[&new].clone())
}

fn update(world: &mut World, id: &str, body: &Value) -> Answer {
    let page = thing(world, id, "page")?;
    only(
        body,
        &["properties", "in_trash", "icon", "cover", "is_locked"],
        "body",
    )?;
    properties(&body["properties"], &page["properties"])?;
    let mut given = body["properties"].clone();
    with_plain_text(&mut given);
    let page = world.things.get_mut(id).ok_or_else(|| invalid("gone"))?;
    for (name, value) in given.as_object().into_iter().flatten() {
        let kind = page["properties"][name]["type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        page["properties"][name][&kind] = value[&kind].clone();
    }
    Ok(page.clone())
}
