//! Workflow runs, their jobs and their logs.

use std::collections::VecDeque;

use mcp_factory_outbound::{OutboundError, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Ask, Outcome};
use crate::clean;
use crate::config::Toolset;
use crate::error::GithubError;
use crate::exchange::failed;
use crate::git::Reference;
use crate::hub::{Reading, Session};
use crate::lens::Lens;
use crate::page::{Page, Paging};
use crate::repository::Repository;
use crate::url::ApiUrl;
use crate::wire;

/// The largest log that is read to its end.
const LARGEST_LOG: usize = 64 << 20;

/// A run of a workflow.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct RunRow {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
}

/// A job.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transform = crate::lean::lean)]
pub(crate) struct JobRow {
    id: i64,
    name: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<String>,
}

/// The jobs of a run, or the log of one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct JobLogs {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    notice: Option<String>,
    jobs: Vec<JobRow>,
    // The last lines of the job asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<i64>,
}

/// Whose log is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Logs {
    /// The jobs of this run.
    OfRun(u64, Paging),
    /// The last so many lines of this job.
    OfJob(u64, u64),
}

#[derive(Deserialize)]
struct WireRuns {
    workflow_runs: Vec<wire::Run>,
}

#[derive(Deserialize)]
struct WireJobs {
    jobs: Vec<wire::Job>,
}

impl Session<'_> {
    /// The workflow runs of a repository, latest first.
    pub(crate) async fn runs(
        &mut self,
        owner: &str,
        repo: &str,
        branch: Option<&str>,
        status: Option<&str>,
        paging: Paging,
    ) -> Result<Page<RunRow>, GithubError> {
        let branch = Reference::optional("branch", branch)?;
        let reading = self.read(Toolset::Actions, owner, repo).await?;
        let what = reading.repository.to_string();
        let url = paging
            .of(ApiUrl::repository(&reading.repository)
                .segment("actions")
                .segment("runs"))
            .with_some("branch", branch.as_ref().map(Reference::as_str))
            .with_some("status", status);
        let answer = self.ask(&Ask::get(&what, url)).await?;
        let mut lens = self.lens(&reading.repository);
        let mut items = Vec::new();
        for run in answer.json::<WireRuns>()?.workflow_runs {
            if !lens.takes(200) {
                break;
            }
            let shown = self.admits_run(&mut lens, &reading.repository, &run);
            items.push(RunRow {
                id: run.id,
                name: run.name.filter(|_| shown).map(|name| lens.line(&name)),
                branch: run
                    .head_branch
                    .filter(|_| shown)
                    .map(|branch| lens.line(&branch)),
                sha: run.head_sha,
                event: run.event,
                status: run.status,
                conclusion: run.conclusion,
                created_at: run.created_at,
            });
        }
        Ok(Page::new(
            self.notice(&reading, &lens)?,
            items,
            lens.is_cut(),
            answer.next_page,
        ))
    }

    /// The jobs of a run, or the end of a job's log.
    pub(crate) async fn logs(
        &mut self,
        owner: &str,
        repo: &str,
        logs: Logs,
    ) -> Result<JobLogs, GithubError> {
        let reading = self.read(Toolset::Actions, owner, repo).await?;
        let actions = ApiUrl::repository(&reading.repository).segment("actions");
        let mut lens = self.lens(&reading.repository);
        let (jobs, log, next_page) = match logs {
            Logs::OfRun(run, paging) => {
                let what = format!("{}: run {run}", reading.repository);
                let url = paging.of(actions.segment("runs").number(run).segment("jobs"));
                let answer = self.ask(&Ask::get(&what, url)).await?;
                lens.shows();
                (
                    rows(&mut lens, answer.json::<WireJobs>()?.jobs),
                    None,
                    answer.next_page,
                )
            }
            Logs::OfJob(job, tail) => {
                let what = format!("{}: job {job}", reading.repository);
                let url = actions.segment("jobs").number(job);
                let found: wire::Job = self.ask(&Ask::get(&what, url.clone())).await?.json()?;
                self.not_of_an_outsider(&reading, &found, &mut lens, &what)
                    .await?;
                lens.shows();
                let jobs = rows(&mut lens, vec![found]);
                let log = self
                    .log(&what, url.segment("logs"), tail, &mut lens)
                    .await?;
                (jobs, Some(log), None)
            }
        };
        let page = Page::<()>::new(
            self.notice(&reading, &lens)?,
            Vec::new(),
            lens.is_cut(),
            next_page,
        );
        Ok(JobLogs {
            notice: page.notice,
            jobs,
            log,
            truncated: page.truncated,
            next_page: page.next_page,
        })
    }

    /// Under lockdown, what ran for somebody's fork is that somebody's text.
    fn admits_run(&self, lens: &mut Lens, repository: &Repository, run: &wire::Run) -> bool {
        let head = run
            .head_repository
            .as_ref()
            .and_then(|head| Repository::parse(&head.full_name));
        if self.hub.settings.lockdown && head.as_ref() != Some(repository) {
            lens.withholds();
            return false;
        }
        lens.shows();
        true
    }

    async fn not_of_an_outsider(
        &mut self,
        reading: &Reading,
        job: &wire::Job,
        lens: &mut Lens,
        what: &str,
    ) -> Result<(), GithubError> {
        if !self.hub.settings.lockdown {
            return Ok(());
        }
        let run = u64::try_from(job.run_id).unwrap_or_default();
        let url = ApiUrl::repository(&reading.repository)
            .segment("actions")
            .segment("runs")
            .number(run);
        let run: wire::Run = self.ask(&Ask::get(what, url)).await?.json()?;
        if self.admits_run(lens, &reading.repository, &run) {
            return Ok(());
        }
        Err(GithubError::Withheld {
            what: what.to_owned(),
        })
    }

    /// The last lines of a log. GitHub keeps logs elsewhere; the token does not go there.
    async fn log(
        &mut self,
        what: &str,
        url: ApiUrl,
        tail: u64,
        lens: &mut Lens,
    ) -> Result<String, GithubError> {
        let response = match self.open_answer(&Ask::get(what, url).elsewhere()).await? {
            Outcome::Open(response) => response,
            Outcome::Elsewhere(to) => {
                let hub = self.hub;
                hub.downloads
                    .get(what, to, LARGEST_LOG, hub.settings.timeout, &self.patience)
                    .await?
            }
            Outcome::Kept(answer) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                return Ok(last_lines(&text, tail, lens));
            }
        };
        let end = end(what, response, lens.room()).await?;
        Ok(last_lines(&String::from_utf8_lossy(&end), tail, lens))
    }
}

/// The last `most` bytes of an answer.
async fn end(what: &str, mut response: Response, most: usize) -> Result<Vec<u8>, GithubError> {
    let mut end: VecDeque<u8> = VecDeque::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                end.extend(&chunk);
                let over = end.len().saturating_sub(most);
                end.drain(..over);
            }
            Ok(None) => return Ok(end.into()),
            Err(OutboundError::TooLarge { .. }) => {
                return Err(GithubError::TooLarge {
                    what: what.to_owned(),
                });
            }
            Err(error) => return Err(failed(&error, false)),
        }
    }
}

/// The last `tail` lines of a log, as text.
fn last_lines(log: &str, tail: u64, lens: &mut Lens) -> String {
    let log = clean::terminal(log);
    let log = log.trim_end_matches(['\n', '\r']);
    let start = log
        .rmatch_indices('\n')
        .nth(usize::try_from(tail.saturating_sub(1)).unwrap_or(usize::MAX))
        .map_or(0, |(at, _)| at + 1);
    lens.code(&log[start..])
}

fn rows(lens: &mut Lens, jobs: Vec<wire::Job>) -> Vec<JobRow> {
    let mut rows = Vec::new();
    for job in jobs {
        if !lens.takes(100) {
            break;
        }
        rows.push(JobRow {
            id: job.id,
            name: lens.line(&job.name),
            status: job.status,
            conclusion: job.conclusion,
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_the_last() {
        let read = |log, tail| last_lines(log, tail, &mut Lens::new(false, true, 1_000));
        assert_eq!(read("a\nb\nc\n", 2), "b\nc");
        assert_eq!(read("a\nb\nc", 9), "a\nb\nc");
        assert_eq!(read("a\nb\n\u{1B}[31mc\u{1B}[0m\n", 1), "c");
        assert_eq!(read("", 1), "");
    }
}
