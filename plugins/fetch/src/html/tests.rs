use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn base() -> Url {
    "https://a.example/dir/page?q#f".parse().unwrap()
}

fn markdown(html: &str) -> String {
    article(html, &base()).markdown
}

#[test]
fn each_element_has_its_markdown() {
    for (html, expected) in [
        (
            "<h1>One</h1><h3> Three </h3>text",
            "# One\n\n### Three\n\ntext",
        ),
        ("<p>a<p>b<br>c", "a\n\nb\nc"),
        ("<p>a  b\n c</p>", "a b c"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("a <b> bold </b>, <em>it</em>.", "a **bold** , _it_."),
        ("<b></b>x<i> </i>y", "x y"),
        ("<del>gone</del>", "~~gone~~"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<code>x  y</code>", "`x y`"),
        ("<a href=/x>here</a>.", "[here](https://a.example/x)."),
        (
            "<a href='?x=(1)'>p</a>",
            "[p](https://a.example/dir/page?x=%281%29)",
        ),
        (
            "<a href='#top'>up</a> <a href='javascript:x()'>js</a>",
            "up js",
        ),
        (
            "<a href=mailto:a@b.example>mail</a>",
            "[mail](mailto:a@b.example)",
        ),
        ("<a href=/x></a>y", "y"),
        ("<a href=/x><h2>T</h2></a>", "## [T](https://a.example/x)"),
        (
            "<img src=i.png alt='a  b'>",
            "![a b](https://a.example/dir/i.png)",
        ),
        (
            "<img src=i.png><img alt=x src=data:image/png;base64,AAAA>y",
            "y",
        ),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\n\nd"),
        (
            "<ol start=9><li>a</li><li><p>b</p><p>c</p></li></ol>",
            "9. a\n10. b\n\n    c",
        ),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<dl><dt>t<dd>d<dd>e</dl>", "t\n: d\n: e"),
        (
            "<blockquote><p>a</p><p>b</p></blockquote>c",
            "> a\n>\n> b\n\nc",
        ),
        (
            "<blockquote><ul><li>a<br>b</ul></blockquote>",
            "> - a\n>   b",
        ),
        ("<pre>\n a\n\n  b\n</pre>c", "```\n a\n\n  b\n```\n\nc"),
        (
            "<pre class='x language-rust'><code>fn <b>f</b>()</code></pre>",
            "```rust\nfn f()\n```",
        ),
        ("<pre><code class=language-c>x</code></pre>", "```c\nx\n```"),
        ("<pre>```\nx</pre>", "````\n```\nx\n````"),
        ("<ul><li><pre>a\nb</pre></ul>", "- ```\n  a\n  b\n  ```"),
        (
            "<table><tr><th>A<th>B</tr><tr><td>1|2<td><p>x</p><p>y</p></table>z",
            "| A | B |\n| --- | --- |\n| 1\\|2 | x y |\n\nz",
        ),
        (
            "<table><tr></tr><tr><td>a<td>b</tr><tr></tr><tr><td>c<td>d</table>",
            "| a | b |\n| --- | --- |\n| c | d |",
        ),
        ("a<br>&#8203;<br>&#x200b; b", "a\nb"),
        (
            "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>",
            "a\nb",
        ),
        (
            "<table><tr><td>a<td><table><tr><td>b<td>c<tr><td>d<td>e</table></table>",
            "a\n\n| b | c |\n| --- | --- |\n| d | e |",
        ),
        (
            "&lt;b&gt; &amp;amp; &#x41;&eacute;&nosuch;",
            "<b> &amp; Aé&nosuch;",
        ),
        ("a < b <3 </ x>c", "a < b <3 c"),
        ("<!-- x --><?php y ?><!doctype html>z<!-- <p>", "z"),
        ("a<!-->b", "ab"),
        ("<script>if (a</b) '</scr' </SCRIPT >x", "x"),
        (
            "<style>p{}</style><template><p>t</p></template><svg><text>s</text></svg>x",
            "x",
        ),
        ("<title>a &amp; b</title>x", "x"),
        ("<p title='a>b' data-x=\">\">x", "x"),
        ("<B>x</B>", "**x**"),
        ("x</p></div></b>y", "xy"),
        ("<p>x</p><script>never ends", "x"),
        ("<p>x<a href='never ends", "x"),
        ("", ""),
    ] {
        assert_eq!(markdown(html), expected, "{html}");
    }
}

#[test]
fn what_a_browser_hides_is_not_there() {
    for hidden in [
        "<div hidden>X</div>",
        "<div hidden=until-found>X</div>",
        "<div aria-hidden=true>X</div>",
        "<div aria-hidden=TRUE>X</div>",
        "<div style='color:red; DISPLAY : none'>X</div>",
        "<span style='visibility:hidden'>X</span>",
        "<span style='font-size:0px!important'>X</span>",
        "<span style=opacity:0><b>X</b></span>",
        "<!-- X -->",
        "<noframes>X</noframes>",
    ] {
        let html = format!("<p>a</p>{hidden}<p>b</p>");
        assert_eq!(markdown(&html), "a\n\nb", "{hidden}");
    }
}

#[test]
fn what_hides_an_element_counts_wherever_it_stands() {
    let many: Vec<_> = (0..100).map(|number| format!("x{number}=y")).collect();
    let long = format!("color:red;{}display:none", "margin:0;".repeat(1_000));
    for hidden in [
        format!("<div {} hidden>X</div>", many.join(" ")),
        format!("<div {} style=display:none>X</div>", many.join(" ")),
        format!("<div style='{long}'>X</div>"),
    ] {
        assert_eq!(markdown(&format!("<p>a</p>{hidden}<p>b</p>")), "a\n\nb");
    }
}

#[test]
fn what_is_hidden_stays_so_however_deep_it_is() {
    for depth in [0, 254, 255, 256, 257, 300, 1_000] {
        let (open, close) = ("<div>".repeat(depth), "</div>".repeat(depth));
        for hidden in [
            "<div hidden>X</div>",
            "<div hidden><p>X<b>X</b></p>X</div>",
            "<div style=display:none><div>X</div>X</div>",
            // End tags that end nothing.
            "<div hidden></b></i></p>X</div>",
            "<div hidden><table><tr><td></div>X</table>X</div>",
            "<div hidden><div></p>X</div>X</div>",
            "<script>X</script>",
            "<style>X</style>",
            "<template><p>X</template>",
        ] {
            let html = format!("{open}<span>a</span>{hidden}<span>b</span>{close}c");
            let words: Vec<String> = markdown(&html)
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            assert_eq!(words.concat(), "abc", "{depth} {hidden}");
        }
    }
}

#[test]
fn end_tags_that_end_nothing_do_not_bring_the_hidden_to_light() {
    let (open, stray) = ("<div>".repeat(400), "</i>".repeat(400));
    let html = format!(
        "a<div hidden>{open}{stray}{}X</div>X</div>",
        "</div>".repeat(398)
    );
    assert_eq!(markdown(&html), "a");
}

#[test]
fn links_follow_the_base_of_the_page() {
    let html = "<head><base href='/other/'></head><a href=x>y</a>";
    assert_eq!(markdown(html), "[y](https://a.example/other/x)");
}

#[test]
fn a_title_is_one_line() {
    let found = |html: &str| article(html, &base()).title;
    assert_eq!(
        found("<title> a\n &amp;  b </title>").as_deref(),
        Some("a & b")
    );
    assert_eq!(found("<title></title>"), None);
    assert_eq!(found("<p>x"), None);
    let long = format!("<title>{}</title>", "x".repeat(5000));
    assert_eq!(found(&long).unwrap().len(), 300);
}

const SENTENCE: &str = "This is a sentence of the article, and it is long enough to count. ";

#[test]
fn the_article_is_found() {
    let text = format!("<p>{}</p>", SENTENCE.repeat(3)).repeat(3);
    let around = "<header><h2>Site</h2></header><nav><a href=/1>One</a></nav>";
    let after = "<div class='sidebar-left'>Ads here</div><footer>Imprint</footer><div id=comments>First!</div>";
    for page in [
        format!("<body>{around}<main><h1>T</h1>{text}</main>{after}"),
        format!("<body>{around}<article><h1>T</h1>{text}</article>{after}"),
        format!(
            "<form><div class='layout has-sidebar'>{around}<div><h1>T</h1>{text}</div>{after}</div></form>"
        ),
        format!("<body>{around}<div><div><h1>T</h1>{text}</div></div>{after}"),
        format!(
            "<body>{around}<main><h1>T</h1>{text}<aside>Ads here</aside><nav>Imprint</nav></main>"
        ),
    ] {
        let found = markdown(&page);
        assert!(found.starts_with("# T\n\nThis is"), "{found}");
        assert_eq!(found.matches("This is").count(), 9);
        for extra in ["Site", "One", "Ads", "Imprint", "First"] {
            assert!(!found.contains(extra), "{extra} in {found}");
        }
    }
}

#[test]
fn a_page_without_an_article_is_there_as_a_whole() {
    let short = "<nav><a href=/1>One</a></nav><p>Short.</p><footer>Imprint</footer>";
    assert_eq!(
        markdown(short),
        "[One](https://a.example/1)\n\nShort.\n\nImprint"
    );
    // A list of articles is not its first one.
    let entry = format!(
        "<article><h2>Entry</h2><p>{}</p></article>",
        SENTENCE.repeat(5)
    );
    let found = markdown(&format!("<div>{}</div>", entry.repeat(3)));
    assert_eq!(found.matches("Entry").count(), 3);
}

/// Each would cost a careless reader its stack, or the square of its length.
fn hostile() -> Vec<(&'static str, String)> {
    let many = 300_000;
    vec![
        ("depth", format!("{}x", "<div>".repeat(many))),
        (
            "inline depth",
            format!("{}x{}", "<b>".repeat(many), "</b>".repeat(many)),
        ),
        ("quotes", format!("{}x", "<blockquote>".repeat(many))),
        ("lists", "<ul><li>x".repeat(many / 2)),
        ("tables", "<table><tr><td>x".repeat(many / 4)),
        (
            "quoted lines",
            format!("{}{}", "<blockquote>".repeat(300), "x<br>".repeat(many)),
        ),
        (
            "attributes",
            format!(
                "<a {}>x",
                (0..many)
                    .map(|n| format!("b{n} "))
                    .collect::<Vec<_>>()
                    .concat()
            ),
        ),
        ("open comments", "<!--".repeat(many)),
        ("open tags", "<a ".repeat(many)),
        ("open quotes", "<a b='".repeat(many)),
        ("open ends", "</a b=".repeat(many)),
        (
            "deep ends",
            format!("{}{}", "<b>".repeat(100_000), "</i>".repeat(many)),
        ),
        (
            "comments in styles",
            format!("<p style='{}'>x", "/*a*/".repeat(many)),
        ),
        (
            "rules of styles",
            format!("<p style='{}'>x", "a:/*;".repeat(many)),
        ),
        ("stray ends", "</p></div></b></i></table>".repeat(many / 5)),
        ("paragraphs", "<p><b><i>x".repeat(many / 3)),
        ("scripts", "<script></scrip".repeat(many / 3)),
        ("titles", "<title>".repeat(many)),
        ("entities", "&amp".repeat(many)),
        ("ampersands", "&".repeat(many * 4)),
        ("less than", "<".repeat(many * 4)),
        ("fences", format!("<pre>{}</pre>", "`".repeat(many))),
        ("links", "<a href=x>".repeat(many / 2)),
        (
            "rows",
            format!("<table>{}", "<tr><td>a<td>b".repeat(many / 4)),
        ),
        (
            "columns",
            format!("<table><tr>{}<tr><td>x", "<td>".repeat(many / 2)),
        ),
    ]
}

#[test]
fn no_page_is_too_deep_or_too_clever() {
    // The smallest stack a thread of the pool may have.
    let worker = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| {
            for (name, page) in hostile() {
                let start = Instant::now();
                let written = markdown(&page);
                let took = start.elapsed();
                assert!(took < Duration::from_secs(20), "{name} took {took:?}");
                assert!(
                    written.len() < 16 * 1024 * 1024,
                    "{name} grew to {}",
                    written.len()
                );
            }
        });
    worker.unwrap().join().unwrap();
}

proptest! {
    #[test]
    fn nothing_breaks_it(html in "(<[/!]?(p|div|b|a href=x|ul|li|table|tr|td|pre|h2|blockquote|script|title|!--)[ >]?|[a-z &;'\"=\\-\\n]{0,6}|é|>){0,60}") {
        let written = markdown(&html);
        prop_assert!(!written.starts_with('\n') && !written.contains("\n\n\n") || html.contains("pre"));
    }

    #[test]
    fn words_are_neither_lost_nor_made_up(words in prop::collection::vec("[a-z]{1,8}", 1..30), tags in prop::collection::vec(0..6_usize, 30)) {
        let open = ["<p>", "<li>", "<b>", "<div>", "<blockquote>", "<td>"];
        let pieces = words.iter().zip(tags).flat_map(|(word, tag)| [open[tag], word, " "]);
        let html: String = pieces.collect();
        let written = markdown(&html);
        let found: Vec<&str> = written
            .split(|letter: char| !letter.is_ascii_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        prop_assert_eq!(found, words);
    }
}
