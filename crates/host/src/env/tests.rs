//! Every fault is reported in one go, with the name, what was wrong and what it should be; secrets stay unseen.

use super::*;

#[test]
fn all_faults_are_reported_together() {
    let source = [("A", "seven"), ("C", "  "), ("D", "maybe")];
    let mut reader = Reader::new(&source);
    reader.required::<u32>("A");
    reader.required::<String>("B");
    reader.required::<SocketAddr>("C");
    reader.or("D", true);
    reader.or("E", 3_u16);
    let faults = reader.finish().expect_err("four variables are wrong");
    let lines: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "A: is `seven`; it should be a whole number from 0 up",
            "B: is not set; it should be a text",
            "C: is not set; it should be an address and port such as 0.0.0.0:8080",
            "D: is `maybe`; it should be true or false",
        ]
    );
}

#[test]
fn good_values_are_read_and_defaults_fill_the_rest() {
    let source = [("WAIT", "250"), ("LIST", "a, b,,c"), ("ON", "1")];
    let mut reader = Reader::new(&source);
    assert_eq!(reader.required::<Duration>("WAIT"), Duration::from_millis(250));
    assert_eq!(reader.required::<Vec<String>>("LIST"), ["a", "b", "c"]);
    assert!(reader.or("ON", false));
    assert_eq!(reader.or("PORT", 8080_u16), 8080);
    assert_eq!(reader.optional::<PathBuf>("PATH_X"), None);
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_service_can_add_its_own_forms_and_faults() {
    let source = [("MODE", "fast")];
    let mut reader = Reader::new(&source);
    let mode = reader.parse_or("MODE", 'n', "safe or none", |text| match text {
        "safe" => Some('s'),
        "none" => Some('n'),
        _ => None,
    });
    reader.check("LOW", false, "is above HIGH", "at most HIGH");
    assert_eq!(mode, 'n');
    let faults = reader.finish().expect_err("both are wrong");
    assert_eq!(
        faults.to_string(),
        "2 fault(s) in the configuration\n  MODE: is `fast`; it should be safe or none\n  LOW: is above HIGH; it should be at most HIGH"
    );
}

#[test]
fn a_secret_is_never_printed() {
    let source = [("KEY", "hunter2")];
    let mut reader = Reader::new(&source);
    let secret: Secret = reader.required("KEY");
    assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    assert_eq!(secret.reveal(), "hunter2");
}
