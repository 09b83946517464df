//! Things that happen outside of a call and that subscribed clients want to hear of.

/// A change in what the server offers, sent by a plugin to every client that subscribed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The list of tools is no longer what it was.
    ToolsChanged,
    /// The list of prompts is no longer what it was.
    PromptsChanged,
    /// The list of resources is no longer what it was.
    ResourcesChanged,
    /// The contents of the resource with this URI changed.
    ResourceUpdated(String),
}
