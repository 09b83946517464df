//! Whether a table holds data, or only puts things beside each other.

use super::super::tree::Tree;

/// How a table is written.
#[derive(Debug)]
pub(super) enum Shape {
    /// Rows of cells under a line of headings.
    Data {
        columns: usize,
        /// The first row, and the line under it, are written.
        headed: bool,
    },
    /// Its cells one below the other.
    Layout,
}

impl Shape {
    /// By its first row, and by what is inside: a table with a table inside is a layout, and so is all inside
    /// of a table of data.
    pub(super) fn of(tree: &Tree, index: usize, around: Option<&Self>) -> Self {
        if let Some(Self::Data { .. }) = around {
            return Self::Layout;
        }
        let inside = index + 1..tree.nodes[index].end;
        // Rows without a cell do not count.
        let (mut rows, mut columns, mut in_row) = (0, 0, 0);
        for index in inside {
            let name = tree.element(index).map_or("", |element| &element.name);
            match name {
                "table" => return Self::Layout,
                "tr" => in_row = 0,
                "td" | "th" => {
                    rows += usize::from(in_row == 0);
                    in_row += 1;
                    columns += usize::from(rows == 1);
                }
                _ => {}
            }
        }
        if rows < 2 || columns < 2 {
            return Self::Layout;
        }
        Self::Data {
            columns,
            headed: false,
        }
    }
}
