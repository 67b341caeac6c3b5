use super::*;

#[test]
fn every_entry_of_the_table_is_read() {
    let entries: Vec<&RawValue> = serde_json::from_str(TABLE).unwrap();
    for entry in &entries {
        if let Err(error) = serde_json::from_str::<Provider>(entry.get()) {
            panic!("{error}: {entry}");
        }
    }
    assert_eq!(entries.len(), all().len());
}
