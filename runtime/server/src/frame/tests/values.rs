//! Values and names in every spelling that JSON has, and now and then in one that it has not.

/// Decisions, all from one number (xorshift: cheap, and the same for the same seed).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap_or_default() % limit.max(1)
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// Writes the text of a message.
pub(super) struct Maker {
    pub(super) dice: Dice,
    pub(super) text: String,
}

impl Maker {
    /// Something that is a mistake wherever it stands: seldom, since there are many places.
    pub(super) fn rarely(&mut self) -> bool {
        self.dice.one_in(1500)
    }

    pub(super) fn blank(&mut self) {
        if self.dice.one_in(4) {
            let blank = self.dice.of(&[" ", "\t", "\n", "\r\n", "  \n "]);
            self.text.push_str(blank);
        }
        if self.rarely() {
            let other = self
                .dice
                .of(&["\u{a0}", "\u{b}", "\u{feff}", "/**/", "\0", "#"]);
            self.text.push_str(other);
        }
    }

    /// A name in quotes, in some spelling.
    pub(super) fn name(&mut self, name: &str) {
        let spelled = self.dice.one_in(8);
        self.text.push('"');
        for character in name.chars() {
            if spelled && self.dice.one_in(4) {
                self.unit(u32::from(character));
            } else if spelled && character == '/' {
                self.text.push_str("\\/");
            } else {
                self.text.push(character);
            }
        }
        self.text.push('"');
    }

    /// `\uXXXX`, in upper and lower case.
    fn unit(&mut self, unit: u32) {
        let upper = self.dice.one_in(2);
        let digits = if upper {
            format!("\\u{unit:04X}")
        } else {
            format!("\\u{unit:04x}")
        };
        self.text.push_str(&digits);
    }

    pub(super) fn value(&mut self, depth: usize) {
        match self.dice.below(if depth == 0 { 9 } else { 14 }) {
            0 | 1 => {
                let word = self.dice.of(&["true", "false", "null"]);
                self.text.push_str(word);
                if self.rarely() {
                    self.text.push('x');
                }
            }
            2..5 => self.number(),
            5..9 => self.string(),
            9..11 => self.list(depth - 1),
            11 if self.dice.one_in(12) => self.nest(),
            _ => self.object(depth - 1),
        }
    }

    /// Depth that is allowed, and depth that is not.
    fn nest(&mut self) {
        let around = if self.dice.one_in(2) { 20 } else { 116 };
        let depth = around + self.dice.below(16);
        let objects = self.dice.one_in(2);
        let (open, close) = if objects {
            ("{\"a\":", "}")
        } else {
            ("[", "]")
        };
        self.text.push_str(&open.repeat(depth));
        self.value(0);
        self.text.push_str(&close.repeat(depth));
    }

    fn list(&mut self, depth: usize) {
        self.text.push('[');
        self.blank();
        for at in 0..self.dice.below(4) {
            if at > 0 {
                self.text.push(',');
                self.blank();
            }
            self.value(depth);
            self.blank();
        }
        if self.rarely() {
            self.text.push(',');
        }
        self.text.push(']');
    }

    pub(super) fn object(&mut self, depth: usize) {
        // Few names are compared with each other, many are sorted.
        let count = if self.dice.one_in(30) {
            12
        } else {
            self.dice.below(4)
        };
        let twin = self.dice.one_in(60);
        self.text.push('{');
        self.blank();
        for at in 0..count {
            if at > 0 {
                self.text.push(',');
                self.blank();
            }
            let number = if twin { self.dice.below(count) } else { at };
            let names = [
                "a",
                "b",
                "é",
                "name",
                "x/y",
                "\u{1f4a1}",
                "",
                "A",
                "j",
                "k",
                "l",
                "m",
            ];
            match names[number] {
                // Beyond the first plane an escape is a pair.
                "\u{1f4a1}" if self.dice.one_in(2) => self.text.push_str("\"\\ud83d\\uDca1\""),
                "\u{1f4a1}" => self.text.push_str("\"\u{1f4a1}\""),
                name => self.name(name),
            }
            self.blank();
            self.text.push(':');
            self.blank();
            self.value(if count > 4 { 0 } else { depth });
            self.blank();
        }
        self.text.push('}');
    }

    fn digits(&mut self, count: usize) {
        for _ in 0..count {
            let digit = self.dice.of(&["0", "1", "5", "9"]);
            self.text.push_str(digit);
        }
    }

    pub(super) fn number(&mut self) {
        if self.dice.one_in(4) {
            self.text.push('-');
        }
        match self.dice.below(12) {
            0 => self.text.push('0'),
            1 => {
                let count = 17 + self.dice.below(8);
                self.text.push('7');
                self.digits(count);
            }
            2 if self.dice.one_in(10) => {
                let count = 290 + self.dice.below(40);
                self.text.push('1');
                self.digits(count);
            }
            _ => {
                self.text.push_str(["1", "2", "9"][self.dice.below(3)]);
                let count = self.dice.below(4);
                self.digits(count);
            }
        }
        if self.dice.one_in(6) {
            self.text.push('.');
            let count = 1 + self.dice.below(5);
            self.digits(count);
        }
        if self.dice.one_in(6) {
            let mark = self.dice.of(&["e", "E", "e+", "E-", "e-"]);
            self.text.push_str(mark);
            // Only a few are beyond what a double holds.
            let most = if self.dice.one_in(20) { 700 } else { 290 };
            let exponent = self.dice.below(most);
            self.text.push_str(&exponent.to_string());
        }
        if self.rarely() {
            let after = self.dice.of(&[".", "e", "e+", "_", "n", "-1", ".e1"]);
            self.text.push_str(after);
        }
        if self.rarely() {
            let other = self
                .dice
                .of(&["01", "-", "+1", ".5", "NaN", "-Infinity", "0x1", "00"]);
            self.text.push_str(other);
        }
    }

    pub(super) fn string(&mut self) {
        self.text.push('"');
        for _ in 0..self.dice.below(6) {
            match self.dice.below(12) {
                0 => {
                    let escape = self
                        .dice
                        .of(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]);
                    self.text.push_str(escape);
                }
                1 => {
                    let unit = self.dice.of(&[
                        "0", "1f", "22", "41", "7f", "e9", "2028", "d7ff", "e000", "feff", "ffff",
                    ]);
                    let unit = u32::from_str_radix(unit, 16).expect("a number");
                    self.unit(unit);
                }
                2 => {
                    let (high, low) = (self.dice.below(0x400), self.dice.below(0x400));
                    self.unit(0xd800 + u32::try_from(high).expect("small"));
                    self.unit(0xdc00 + u32::try_from(low).expect("small"));
                }
                3 => {
                    let other = self.dice.of(&[
                        "é",
                        "\u{1f4a1}",
                        "\u{7f}",
                        "\u{2028}",
                        "\u{feff}",
                        "\u{fffd}",
                        "\u{85}",
                    ]);
                    self.text.push_str(other);
                }
                _ => {
                    let letters =
                        self.dice
                            .of(&["a", "Z", "/", ":", "{", "]", ",", " ", "0", "abcdefghij"]);
                    self.text.push_str(letters);
                }
            }
            if self.rarely() {
                let broken = self.dice.of(&[
                    "\\ud83d",
                    "\\udca1",
                    "\\ud83d\\u0041",
                    "\\ud83dx",
                    "\\ud83d\\ud83d",
                    "\\x",
                    "\\u12g4",
                    "\\u12",
                    "\\",
                    "\u{1}",
                    "\u{1f}",
                    "\n",
                    "\0",
                    "\\U0041",
                    "\\u+041",
                ]);
                self.text.push_str(broken);
            }
        }
        self.text.push('"');
    }
}
