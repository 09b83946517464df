//! Fetches web pages as Markdown, and reaches no address that is not public.
