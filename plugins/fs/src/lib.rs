//! Files for agents: read, search, write and edit inside the directories an operator names, and nowhere else.
//!
//! This file is the plugin's face: its tools, each a few lines. The work is done by [`Files`], which knows
//! no protocol; each file of the crate holds one part of it. The README has the settings, the addressing
//! rules and what is refused and why.

#![forbid(unsafe_code)]

mod at_once;
mod budget;
mod capped;
mod config;
mod create_directory;
mod cursor;
mod delete;
mod deny;
mod edit;
mod encoding;
mod entry;
mod error;
mod files;
mod gitignore;
mod globs;
mod grep;
mod hash;
mod info;
mod lines;
mod list;
mod lock;
mod media;
mod open;
mod path;
mod place;
mod read;
mod resource;
mod root;
mod scan;
mod search;
mod staged;
mod time;
mod transfer;
mod tree;
mod walk;
mod write;

use std::sync::{Arc, LazyLock};

use mcp_factory_sdk::{EmbeddedResource, ResourceBody, prelude::*};
use tokio::{runtime::Handle, sync::Semaphore};

pub use config::{Config, Mode, RootConfig};
pub use create_directory::CreatedDirectory;
pub use delete::Deleted;
pub use edit::{Edit, EditRequest, Edited};
pub use encoding::Encoding;
pub use entry::EntryType;
pub use error::{FsError, Shown};
pub use files::Files;
pub use grep::{Case, GrepRequest, Match, Matches};
pub use info::{AllowedDirectories, AllowedDirectory, FileInfo};
pub use list::{ListRequest, Listed, Listing, SortBy};
pub use media::Media;
pub use read::{FileOrError, ManyFiles, TextFile, TextRequest};
pub use resource::{ResourceContent, ResourceFile};
pub use root::ConfigError;
pub use search::{Found, SearchRequest};
pub use transfer::Transferred;
pub use tree::{Tree, TreeNode, TreeRequest};
pub use write::{WriteMode, WriteRequest, Written};

/// The plugin: the opened roots.
#[derive(Debug)]
pub struct Fs {
    files: Arc<Files>,
}

/// The turns of the workers that read at once. Of the process, because each tenant has a plugin of its own.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let workers = Handle::try_current().map_or(0, |runtime| runtime.metrics().num_workers());
    Arc::new(Semaphore::new(at_once::turns_among(workers)))
});

impl Plugin for Fs {
    type Config = Config;

    async fn start(config: Config, context: &StartContext) -> Result<Self, StartError> {
        let opened = tokio::task::spawn_blocking(move || Files::open(&config)).await?;
        let files = opened.map_err(|error| match error {
            ConfigError::NoRoots => StartError::new(format!(
                "{error}; set it, for example with --set 'plugins.{}.roots=[\"/path\"]'",
                context.mount()
            )),
            error => error.into(),
        })?;
        let files = Arc::new(files.at_once(Arc::clone(&TURNS)));
        Ok(Self { files })
    }
}

/// Every failure of the domain is written for the model.
fn told(error: FsError) -> ToolError {
    match error {
        FsError::NotFound { .. } => ToolError::not_found(error.to_string()),
        error => ToolError::new(error.to_string()),
    }
}

/// Files: read, search, write and edit inside the directories this server may use, and nowhere else.
///
/// A path is relative to the first directory, or `name:path` for the directory called `name`.
#[plugin(name = "fs")]
impl Fs {
    /// Reads a text file, whole or by lines. Long files come in parts: go on with `next_offset`.
    #[tool(scope = "read", title = "Read text file", read_only)]
    async fn read_text_file(
        &self,
        blocking: &Blocking,
        /// The file.
        path: String,
        /// Only the first so many lines.
        head: Option<u64>,
        /// Only the last so many lines.
        tail: Option<u64>,
        /// Number of the first line to read, from 1.
        #[arg(default = 1, minimum = 1)]
        offset: u64,
        /// At most so many lines.
        limit: Option<u64>,
        /// How its bytes become text. `auto`: by byte order mark, else UTF-8; others are refused, not guessed.
        #[arg(default = Encoding::Auto)]
        encoding: Encoding,
    ) -> Result<TextFile, ToolError> {
        let offset = Some(offset);
        let request = TextRequest {
            path,
            head,
            tail,
            offset,
            limit,
            encoding,
        };
        if let Some(read) = self.files.read_text_at_once(&request) {
            return read.map_err(told);
        }
        let files = Arc::clone(&self.files);
        let read = blocking.run(move || files.read_text(&request)).await?;
        read.map_err(told)
    }

    /// Reads an image, a sound or another binary file.
    #[tool(scope = "read", title = "Read media file", read_only)]
    fn read_media_file(
        &self,
        /// The file.
        path: String,
    ) -> Result<Output, ToolError> {
        let Media {
            path,
            uri,
            mime_type,
            bytes,
        } = self.files.read_media(&path).map_err(told)?;
        let output = Output::new().text(format!("{path}: {mime_type}, {} bytes", bytes.len()));
        Ok(match mime_type.split('/').next() {
            Some("image") => output.image(bytes, mime_type),
            Some("audio") => output.audio(bytes, mime_type),
            _ => output.resource(EmbeddedResource {
                uri,
                mime_type: Some(mime_type.to_owned()),
                body: ResourceBody::Blob(bytes),
            }),
        })
    }

    /// Reads several text files at once. One that fails does not spoil the others.
    #[tool(scope = "read", title = "Read several files", read_only)]
    fn read_multiple_files(
        &self,
        /// The files.
        #[arg(min_length = 1, max_length = 50)]
        paths: Vec<String>,
    ) -> Result<ManyFiles, ToolError> {
        self.files.read_many(&paths).map_err(told)
    }

    /// Lists what is in a directory, in pages.
    #[tool(scope = "read", title = "List directory", read_only)]
    fn list_directory(
        &self,
        /// The directory.
        #[arg(default = ".".to_owned())]
        path: String,
        /// The order: by name, largest first, or last changed first.
        #[arg(default = SortBy::Name)]
        sort: SortBy,
        /// Adds sizes and times.
        #[arg(default = false)]
        sizes: bool,
        /// How many entries a page has.
        #[arg(default = 200, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Listing, ToolError> {
        self.files
            .list(&ListRequest {
                path,
                sort,
                sizes,
                limit,
                cursor,
            })
            .map_err(told)
    }

    /// Shows a directory and what is below it as a tree.
    #[tool(scope = "read", title = "Directory tree", read_only)]
    fn directory_tree(
        &self,
        /// The directory.
        #[arg(default = ".".to_owned())]
        path: String,
        /// How many levels.
        #[arg(default = 3, minimum = 1, maximum = 32)]
        depth: u32,
        /// How many entries in all.
        #[arg(default = 1000, minimum = 1, maximum = 10000)]
        max_entries: u32,
        /// Globs to leave out: `*.log` at any depth, `a/b` from the start.
        #[arg(default, max_length = 100)]
        exclude: Vec<String>,
        /// Leaves out what `.gitignore` files name.
        #[arg(default = true)]
        gitignore: bool,
    ) -> Result<Tree, ToolError> {
        self.files
            .tree(&TreeRequest {
                path,
                depth,
                max_entries,
                exclude,
                gitignore,
            })
            .map_err(told)
    }

    /// Finds files and directories by name.
    #[tool(scope = "read", title = "Search files", read_only)]
    async fn search_files(
        &self,
        blocking: &Blocking,
        /// Where to start.
        #[arg(default = ".".to_owned())]
        path: String,
        /// A glob: `*.rs` matches names at any depth, `src/**/*.rs` paths from the start.
        pattern: String,
        /// Globs to leave out.
        #[arg(default, max_length = 100)]
        exclude: Vec<String>,
        /// Leaves out what `.gitignore` files name.
        #[arg(default = true)]
        gitignore: bool,
        /// How many paths a page has.
        #[arg(default = 200, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Found, ToolError> {
        let request = SearchRequest {
            path,
            pattern,
            exclude,
            gitignore,
            limit,
            cursor,
        };
        let files = Arc::clone(&self.files);
        let search = move |is_over: &dyn Fn() -> bool| files.search_until(&request, is_over);
        blocking.run_until(search).await?.map_err(told)
    }

    /// Finds lines in files, by text or regular expression.
    #[tool(scope = "read", title = "Search in files", read_only)]
    async fn grep_files(
        &self,
        blocking: &Blocking,
        /// A directory, or one file.
        #[arg(default = ".".to_owned())]
        path: String,
        /// What to find in a line.
        #[arg(min_length = 1, max_length = 1000)]
        query: String,
        /// `query` is a regular expression (of the Rust regex crate).
        #[arg(default = false)]
        regex: bool,
        /// `smart`: letters match both cases unless the query has a capital.
        #[arg(default = Case::Smart)]
        case: Case,
        /// Only files that match: `*.rs`, `src/**`.
        glob: Option<String>,
        /// Globs to leave out.
        #[arg(default, max_length = 100)]
        exclude: Vec<String>,
        /// Leaves out what `.gitignore` files name.
        #[arg(default = true)]
        gitignore: bool,
        /// Lines to show before and after each match.
        #[arg(default = 0, maximum = 5)]
        context: u32,
        /// How many matches a page has.
        #[arg(default = 100, minimum = 1, maximum = 1000)]
        limit: u32,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
    ) -> Result<Matches, ToolError> {
        let request = GrepRequest {
            path,
            query,
            regex,
            case,
            glob,
            exclude,
            gitignore,
            context,
            limit,
            cursor,
        };
        let files = Arc::clone(&self.files);
        let search = move |is_over: &dyn Fn() -> bool| files.grep_until(&request, is_over);
        blocking.run_until(search).await?.map_err(told)
    }

    /// Tells what a path is: its type, size, time, permissions and media type.
    #[tool(scope = "read", title = "File information", read_only)]
    async fn get_file_info(
        &self,
        blocking: &Blocking,
        /// The file or directory.
        path: String,
    ) -> Result<FileInfo, ToolError> {
        if let Some(info) = self.files.info_at_once(&path) {
            return Ok(info);
        }
        let files = Arc::clone(&self.files);
        let info = blocking.run(move || files.info(&path)).await?;
        info.map_err(told)
    }

    /// Names the directories this server may use, and which of them may be written to.
    #[tool(scope = "read", title = "Allowed directories", read_only)]
    async fn list_allowed_directories(&self) -> AllowedDirectories {
        self.files.allowed()
    }

    /// Writes a text file. By default only a new one; the file appears or changes all at once.
    #[tool(scope = "write", title = "Write file", destructive, idempotent)]
    fn write_file(
        &self,
        /// The file. Its directory must exist.
        path: String,
        /// Its content, or what is appended.
        content: String,
        /// For a file that exists: `create` fails, `overwrite` replaces it, `append` adds to it.
        #[arg(default = WriteMode::Create)]
        mode: WriteMode,
        /// Fails unless the file has this SHA-256 now: guards against changes since it was read.
        if_sha256: Option<String>,
    ) -> Result<Written, ToolError> {
        self.files
            .write(&WriteRequest {
                path,
                content,
                mode,
                if_sha256,
            })
            .map_err(told)
    }

    /// Replaces exact pieces of a text file and shows the diff. All edits are made, or none.
    #[tool(scope = "write", title = "Edit file", destructive)]
    fn edit_file(
        &self,
        /// The file.
        path: String,
        /// The replacements, each made on the result of the one before.
        #[arg(min_length = 1, max_length = 100)]
        edits: Vec<Edit>,
        /// Shows the diff and changes nothing.
        #[arg(name = "dryRun", default = false)]
        dry_run: bool,
        /// Fails unless the file has this SHA-256 now: guards against changes since it was read.
        if_sha256: Option<String>,
    ) -> Result<Edited, ToolError> {
        self.files
            .edit(&EditRequest {
                path,
                edits,
                dry_run,
                if_sha256,
            })
            .map_err(told)
    }

    /// Makes a directory, with the missing ones above it. One that exists is fine.
    #[tool(
        scope = "write",
        title = "Create directory",
        destructive = false,
        idempotent
    )]
    fn create_directory(
        &self,
        /// The directory.
        path: String,
    ) -> Result<CreatedDirectory, ToolError> {
        self.files.create_directory(&path).map_err(told)
    }

    /// Copies one file.
    #[tool(scope = "write", title = "Copy file", destructive)]
    fn copy_file(
        &self,
        /// The file.
        source: String,
        /// The path of the copy, in full.
        destination: String,
        /// Replaces a file that exists there.
        #[arg(default = false)]
        overwrite: bool,
    ) -> Result<Transferred, ToolError> {
        self.files
            .copy(&source, &destination, overwrite)
            .map_err(told)
    }

    /// Moves or renames a file, or a directory with all it holds.
    #[tool(scope = "write", title = "Move file", destructive)]
    fn move_file(
        &self,
        /// The file or directory.
        source: String,
        /// Its new path, in full.
        destination: String,
        /// Replaces a file that exists there.
        #[arg(default = false)]
        overwrite: bool,
    ) -> Result<Transferred, ToolError> {
        self.files
            .relocate(&source, &destination, overwrite)
            .map_err(told)
    }

    /// Deletes a file, a symbolic link (not what it points at) or a directory.
    #[tool(scope = "admin", title = "Delete file", destructive)]
    fn delete_file(
        &self,
        /// The file or directory.
        path: String,
        /// Deletes a directory with all it holds.
        #[arg(default = false)]
        recursive: bool,
    ) -> Result<Deleted, ToolError> {
        self.files.delete(&path, recursive).map_err(told)
    }

    /// A whole file.
    #[resource(
        uri = "fs://{root}/{+path}",
        scope = "read",
        name = "file",
        title = "File"
    )]
    fn file(&self, root: String, path: String) -> Result<Resource, ToolError> {
        let ResourceFile { mime_type, content } =
            self.files.resource(&root, &path).map_err(told)?;
        let resource = match content {
            ResourceContent::Text(text) => Resource::text(text),
            ResourceContent::Bytes(bytes) => Resource::blob(bytes),
        };
        Ok(resource.mime_type(mime_type))
    }

    #[completion(resource = "fs://{root}/{+path}", argument = "root")]
    fn complete_root(&self, value: String) -> Vec<String> {
        self.files.complete_root(&value)
    }

    #[completion(resource = "fs://{root}/{+path}", argument = "path")]
    fn complete_path(&self, value: String, root: Option<String>) -> Vec<String> {
        self.files.complete_path(root.as_deref(), &value)
    }
}
