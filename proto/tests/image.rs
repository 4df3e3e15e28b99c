//! `image.binpb` holds what of the protobuf files was accepted: `buf breaking` compares with it, so a message that is not in it
//! is guarded by nothing. Whatever the files say beyond it fails here until somebody accepts it:
//! `WEIR_ACCEPT=1 cargo test -p weir-proto --test image`. It only grows: what it says and the files do not is never accepted.

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn the_image_says_what_the_protobuf_files_say() {
    let mut files = FileDescriptorSet::decode(weir_proto::DESCRIPTORS).expect("the descriptor set");
    let image = FileDescriptorSet::decode(fs::read(path()).expect("the image").as_slice()).expect("an image");
    let (now, accepted) = (declared(&files), declared(&image));
    let gone: Vec<&String> = accepted.difference(&now).collect();
    assert!(
        gone.is_empty(),
        "accepted once, and now other or gone; what is in topics can't be read any more: {gone:#?}"
    );
    let new: Vec<&String> = now.difference(&accepted).collect();
    if env::var_os("WEIR_ACCEPT").is_some() && !new.is_empty() {
        // Comments are of no use in it, and a change of one is no change.
        files.file.iter_mut().for_each(|file| file.source_code_info = None);
        fs::write(path(), files.encode_to_vec()).expect("written");
        return;
    }
    assert!(new.is_empty(), "not in proto/image.binpb; accept it with WEIR_ACCEPT=1 if it is meant: {new:#?}");
}

#[test]
fn a_change_of_a_field_is_told() {
    let message = |field: FieldDescriptorProto| {
        let fields = vec![field];
        let message = DescriptorProto { name: Some("M".to_owned()), field: fields, ..DescriptorProto::default() };
        let mut lines = BTreeSet::new();
        of_message("a.v1", &message, &mut lines);
        lines
    };
    let field = FieldDescriptorProto {
        name: Some("f".to_owned()),
        number: Some(3),
        r#type: Some(Type::Uint32.into()),
        ..FieldDescriptorProto::default()
    };
    let before = message(field.clone());
    assert_eq!(before, message(field.clone()));
    let others = [
        FieldDescriptorProto { number: Some(4), ..field.clone() },
        FieldDescriptorProto { name: Some("g".to_owned()), ..field.clone() },
        FieldDescriptorProto { r#type: Some(Type::Uint64.into()), ..field.clone() },
        FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field },
    ];
    for other in others {
        assert!(!before.is_subset(&message(other.clone())), "{other:?}");
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("image.binpb")
}

/// Every declaration, each in a line that says all that a reader or a caller depends on.
fn declared(set: &FileDescriptorSet) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for file in &set.file {
        lines.insert(format!("file {} of package {}", file.name(), file.package()));
        file.message_type.iter().for_each(|message| of_message(file.package(), message, &mut lines));
        file.enum_type.iter().for_each(|one| of_enum(file.package(), one, &mut lines));
        for service in &file.service {
            for method in &service.method {
                let (asked, answered) = (method.input_type(), method.output_type());
                let streams = (method.client_streaming(), method.server_streaming());
                let name = format!("{}.{}.{}", file.package(), service.name(), method.name());
                lines.insert(format!("rpc {name} of {asked} to {answered}, streams {streams:?}"));
            }
        }
    }
    lines
}

fn of_message(scope: &str, message: &DescriptorProto, lines: &mut BTreeSet<String>) {
    let name = format!("{scope}.{}", message.name());
    lines.insert(format!("message {name}"));
    for field in &message.field {
        let oneof = field.oneof_index.and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
        let oneof = oneof.map_or("none", |oneof| oneof.name());
        let (label, kind, of) = (field.label(), field.r#type(), field.type_name());
        let what = format!("{} = {}: {label:?} {kind:?} {of}", field.name(), field.number());
        lines.insert(format!("field {name}.{what}, oneof {oneof}, json {}", field.json_name()));
    }
    let reserved = message.reserved_range.iter().map(|range| format!("{}..{}", range.start(), range.end()));
    for range in reserved.chain(message.reserved_name.iter().cloned()) {
        lines.insert(format!("reserved {name}.{range}"));
    }
    message.nested_type.iter().for_each(|nested| of_message(&name, nested, lines));
    message.enum_type.iter().for_each(|nested| of_enum(&name, nested, lines));
}

fn of_enum(scope: &str, one: &EnumDescriptorProto, lines: &mut BTreeSet<String>) {
    for value in &one.value {
        lines.insert(format!("value {scope}.{}.{} = {}", one.name(), value.name(), value.number()));
    }
}
