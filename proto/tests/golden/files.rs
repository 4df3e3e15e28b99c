//! The golden files: `<topic>.<Arm>.hex` with its `.json` beside it, then `<topic>.<Arm>.2.hex`, and so on.

use std::path::{Path, PathBuf};
use std::{fs, io};

const BYTES_PER_LINE: usize = 32;

pub struct Files {
    folder: PathBuf,
}

impl Files {
    pub fn open() -> Files {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
        fs::create_dir_all(&folder).expect("the folder of golden files");
        Files { folder }
    }

    /// Every golden file's name, without its ending.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the folder of golden files");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("an ASCII name"));
        let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".hex").map(str::to_owned)).collect();
        names.sort();
        names
    }

    /// The names of one arm's files.
    pub fn of(&self, case: &str) -> Vec<String> {
        self.names().into_iter().filter(|name| arm(name) == case).collect()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.read(&format!("{name}.hex")).expect("a golden file");
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        assert!(digits.len().is_multiple_of(2), "{name}.hex ends within a byte");
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hex digits");
        digits.chunks(2).map(byte).collect()
    }

    /// Empty where there is none, which equals no message's JSON.
    pub fn json(&self, name: &str) -> String {
        self.read(&format!("{name}.json")).unwrap_or_default()
    }

    /// Writes the next file of the arm, which must not be there yet. The bytes come last: with them it counts as written.
    pub fn add(&self, case: &str, bytes: &[u8], json: &str) {
        let name = match self.of(case).len() {
            0 => case.to_owned(),
            known => format!("{case}.{}", known + 1),
        };
        self.write_new(&format!("{name}.json"), json);
        self.write_new(&format!("{name}.hex"), &hex(bytes));
    }

    fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(self.folder.join(file))
    }

    fn write_new(&self, file: &str, text: &str) {
        use io::Write as _;
        let mut made = fs::File::create_new(self.folder.join(file)).expect("a golden file is never written twice");
        made.write_all(text.as_bytes()).expect("written");
    }
}

/// `orders.OrderPlaced` of `orders.OrderPlaced.2`.
pub fn arm(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => name,
    }
}

fn hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    bytes.chunks(BYTES_PER_LINE).map(line).collect()
}
