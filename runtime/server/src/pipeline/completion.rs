//! Suggestions for an argument of a prompt or a resource template.

use mcp_factory_sdk::{Variables, authorize};

use super::{CallFailure, Caller, Decision, Pipeline, failure};

/// What is to be completed.
#[derive(Clone, Copy)]
struct Completing<'a> {
    of_prompt: bool,
    target: &'a str,
    argument: &'a str,
}

impl Pipeline {
    /// Completes `argument` of a prompt (or of a resource template) from what was `typed`. Nothing known
    /// about the argument is no failure: there are just no suggestions.
    pub(crate) async fn complete(
        &self,
        of_prompt: bool,
        target: &str,
        argument: &str,
        typed: String,
        others: Variables,
        caller: Caller,
    ) -> Result<Vec<String>, CallFailure> {
        let mut decision = Decision::begin(self, &caller, "completion/complete", target, None);
        let asked = Completing {
            of_prompt,
            target,
            argument,
        };
        let outcome = self
            .completion(asked, typed, others, caller, &mut decision)
            .await;
        decision.end(&outcome);
        outcome
    }

    async fn completion<'a>(
        &'a self,
        asked: Completing<'_>,
        typed: String,
        others: Variables,
        caller: Caller,
        decision: &mut Decision<'a>,
    ) -> Result<Vec<String>, CallFailure> {
        let target = asked.target;
        let scope = if asked.of_prompt {
            self.registry.scope_of("prompts/get", target)
        } else {
            self.registry.template_scope(target)
        };
        let missing = || {
            if asked.of_prompt {
                CallFailure::UnknownPrompt {
                    name: failure::shown(target),
                }
            } else {
                CallFailure::UnknownResource {
                    uri: failure::shown(target),
                }
            }
        };
        let scope = scope.ok_or_else(missing)?;
        // What completes has the scope of what it completes for.
        if !caller.principal.scopes().contains(scope) {
            return Err(if self.hides() {
                missing()
            } else {
                CallFailure::Denied { required: scope }
            });
        }
        let tenant = self.tenant(&caller)?;
        let rate = self.default_rate(&caller, tenant);
        self.take_rate(&caller, target, rate).await?;
        let Some(found) = self
            .registry
            .completion(asked.of_prompt, target, asked.argument)
        else {
            return Ok(Vec::new());
        };
        decision.found(&self.names[found.mount], scope);
        let permit = authorize(&caller.principal, found.definition)?;
        let instance = &tenant.instances[found.mount];
        let places = [tenant.places.as_ref(), None];
        let (pace, timeout) = (&self.other_pace, self.limits.timeout);
        self.guarded(found, (pace, true), timeout, places, caller, |call| {
            permit.complete(instance, typed, others, call)
        })
        .await
    }
}
