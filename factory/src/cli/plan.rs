//! `mcp-factory plan`

use crate::{error::Result, plan::render};

use super::{arguments::Selection, project::Project, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &Selection) -> Result<()> {
    let project = Project::load(session, arguments, None)?;
    let plan = project.plan(session)?;
    if session.report.is_json() {
        let value = serde_json::to_value(&plan).expect("a plan has a JSON form");
        session.report.event(&value);
    } else {
        session.report.data(&render(&plan));
    }
    Ok(())
}
