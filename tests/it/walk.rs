//! A page's commands, entered one after the other at one shell, and what is shown compared with what the page says.
//!
//! A block of `sh` is entered as it stands; where a block of `text` follows, it is what is shown. In it `…` stands for
//! anything within a line, and on a line of its own for any lines.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// Stands at the end of what a block shows.
const END: char = '\u{1}';

/// What is entered at once, and what is shown then.
#[derive(Debug)]
pub(crate) struct Step {
    commands: String,
    shown: Option<String>,
}

/// The blocks of `page` in the language `info`, and after each the block that follows it.
fn blocks<'a>(page: &'a str, info: &str) -> Vec<(&'a str, &'a str)> {
    let fences: Vec<(&str, &str)> = page
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| block.split_once('\n').unwrap_or((block, "")))
        .collect();
    let next = fences.iter().skip(1).chain([&("", "")]);
    fences
        .iter()
        .zip(next)
        .filter(|((language, _), _)| *language == info)
        .map(|((_, block), (language, shown))| {
            (*block, if *language == "text" { *shown } else { "" })
        })
        .collect()
}

/// The contents of the blocks in the language `info`.
pub(crate) fn contents<'a>(page: &'a str, info: &str) -> Vec<&'a str> {
    blocks(page, info)
        .into_iter()
        .map(|(block, _)| block)
        .collect()
}

/// The steps of a page, with other words in the place of some: ports that are free, above all.
pub(crate) fn steps(page: &str, others: &[(String, String)]) -> Vec<Step> {
    let replaced = |text: &str| {
        let replace = |text: String, (from, to): &(String, String)| text.replace(from, to);
        others.iter().fold(text.to_owned(), replace)
    };
    blocks(page, "sh")
        .into_iter()
        .map(|(commands, shown)| Step {
            commands: replaced(commands),
            shown: (!shown.is_empty()).then(|| replaced(shown)),
        })
        .collect()
}

/// Enters them all in `folder`. What still runs at the end is ended, and `at_end` is entered, too.
///
/// Panics at the first that fails or shows something else.
pub(crate) fn walk(steps: &[Step], at_end: &str, shell: &mut Command, folder: &Path) {
    let mut script = format!("trap 'kill $(jobs -p) 2>/dev/null; {at_end}' EXIT\nexec 2>&1\n");
    for step in steps {
        writeln!(script, "{}printf '{END}'", step.commands).expect("a text takes it");
    }
    let output = shell
        .args(["-e", "-c", &script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = said.split(END);
    for (number, step) in steps.iter().enumerate() {
        let shown = parts.next().unwrap_or_default();
        let commands = &step.commands;
        // The last part is what came before the shell gave up.
        assert!(
            said.matches(END).count() > number,
            "it ended in:\n{commands}\nand showed:\n{shown}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        if let Some(expected) = &step.shown {
            let (expected, lines): (Vec<&str>, Vec<&str>) =
                (expected.lines().collect(), shown.lines().collect());
            assert!(
                lines_match(&expected, &lines),
                "{commands}\nshows:\n{shown}\nand not:\n{}",
                expected.join("\n")
            );
        }
    }
}

fn lines_match(expected: &[&str], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => {
            (0..=lines.len()).any(|skipped| lines_match(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

fn line_matches(expected: &str, line: &str) -> bool {
    let line = line.trim_end();
    let Some((before, rest)) = expected.split_once('…') else {
        return expected == line;
    };
    line.strip_prefix(before).is_some_and(|line| {
        let places = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        places.into_iter().any(|at| line_matches(rest, &line[at..]))
    })
}

#[test]
fn what_is_shown_is_compared() {
    let page = "x\n```sh\necho a 1; echo b\n```\nand\n```text\na …\nb\n```\n```sh\nfalse\n```\n";
    let mut steps = steps(page, &[]);
    let folder = std::env::temp_dir();
    let failed = |steps: &[Step]| {
        let walked =
            std::panic::catch_unwind(|| walk(steps, "", &mut Command::new("bash"), &folder));
        let why = walked.expect_err("it does not go well");
        why.downcast_ref::<String>().expect("it says why").clone()
    };
    assert!(failed(&steps).contains("it ended in:\nfalse"));
    steps.pop();
    walk(&steps, "", &mut Command::new("bash"), &folder);
    for other in ["a 1\n", "a …\nb\nc\n", "c\n…\n", "a …\nb…b\n"] {
        steps[0].shown = Some(other.to_owned());
        assert!(failed(&steps).contains("shows:\na 1\nb\n"), "{other}");
    }
    steps[0].shown = Some("…\na 1\n…\nb\n…\n".to_owned());
    walk(&steps, "", &mut Command::new("bash"), &folder);
}
