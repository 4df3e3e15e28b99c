//! A message with all its fields set, drawn from the protobuf files alone, so that no field can be forgotten.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::BTreeMap;

/// All messages and enums, under their full names.
pub struct Schema {
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, EnumDescriptorProto>,
}

/// One choice of a oneof.
pub struct Arm {
    pub field: String,
    /// Short name of its message.
    pub message: String,
}

impl Schema {
    pub fn of(descriptors: &[u8]) -> Schema {
        let files = FileDescriptorSet::decode(descriptors).expect("the descriptor set").file;
        let mut schema = Schema { messages: BTreeMap::new(), enums: BTreeMap::new() };
        for file in &files {
            schema.add(file.package(), &file.message_type, &file.enum_type);
        }
        schema
    }

    fn add(&mut self, scope: &str, messages: &[DescriptorProto], enums: &[EnumDescriptorProto]) {
        for message in messages {
            let name = format!("{scope}.{}", message.name());
            self.add(&name, &message.nested_type, &message.enum_type);
            self.messages.insert(name, message.clone());
        }
        self.enums.extend(enums.iter().map(|one| (format!("{scope}.{}", one.name()), one.clone())));
    }

    /// The choices of a message that has one oneof.
    pub fn arms(&self, message: &str) -> Vec<Arm> {
        let found = self.message(message);
        assert_eq!(found.oneof_decl.len(), 1, "{message} has one oneof");
        let arms = found.field.iter().filter(|field| field.oneof_index.is_some());
        let short = |field: &FieldDescriptorProto| field.type_name().rsplit('.').next().unwrap_or_default().to_owned();
        let arm = |field: &FieldDescriptorProto| Arm { field: field.name().to_owned(), message: short(field) };
        arms.map(arm).collect()
    }

    /// The message with every field set, every list with two elements, and of its oneofs the chosen arm or else the first.
    pub fn sample(&self, message: &str, chosen: (&str, &str)) -> Vec<u8> {
        self.element(1, message, chosen)
    }

    /// The texts and bytes of a list's second element are others than those of its first, so that their order is seen.
    fn element(&self, element: u8, message: &str, chosen: (&str, &str)) -> Vec<u8> {
        let found = self.message(message);
        let mut fields: Vec<&FieldDescriptorProto> = found.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        let mut out = Vec::new();
        let mut set = Vec::new();
        for field in fields {
            if let Some(oneof) = field.oneof_index {
                let passed_over = chosen.0 == message && chosen.1 != field.name();
                if passed_over || set.contains(&oneof) {
                    continue;
                }
                set.push(oneof);
            }
            self.put(field, element, chosen, &mut out);
        }
        out
    }

    fn put(&self, field: &FieldDescriptorProto, element: u8, chosen: (&str, &str), out: &mut Vec<u8>) {
        if field.label() != Label::Repeated {
            self.put_one(field, element, chosen, out);
            return;
        }
        let packed = !matches!(field.r#type(), Type::String | Type::Bytes | Type::Message);
        assert!(!packed, "{}: a list of numbers is packed, which this sample can't draw yet", field.name());
        self.put_one(field, 1, chosen, out);
        self.put_one(field, 2, chosen, out);
    }

    fn put_one(&self, field: &FieldDescriptorProto, element: u8, chosen: (&str, &str), out: &mut Vec<u8>) {
        let tag = u32::try_from(field.number()).expect("a field number");
        match field.r#type() {
            Type::String => put_bytes(tag, format!("{}-{element}", field.name()).as_bytes(), out),
            Type::Bytes => put_bytes(tag, &[u8::try_from(tag % 100).expect("below 100") * 2 + element; 16], out),
            Type::Message => {
                put_bytes(tag, &self.element(element, field.type_name().trim_start_matches('.'), chosen), out)
            }
            Type::Fixed64 => {
                encode_key(tag, WireType::SixtyFourBit, out);
                out.extend_from_slice(&(u64::MAX - u64::from(tag)).to_le_bytes());
            }
            _ => {
                encode_key(tag, WireType::Varint, out);
                encode_varint(self.number(field, tag), out);
            }
        }
    }

    /// Numbers of which a narrower or an unsigned type would make others.
    fn number(&self, field: &FieldDescriptorProto, tag: u32) -> u64 {
        let tag = u64::from(tag);
        match field.r#type() {
            Type::Bool => 1,
            Type::Uint32 => 4_000_000_000 + tag,
            Type::Uint64 => u64::MAX - tag,
            Type::Int32 => tag.wrapping_neg(),
            Type::Int64 if field.name().ends_with("_ms") => 1_790_000_000_000 + tag,
            Type::Int64 => (5_000_000_000 + tag).wrapping_neg(),
            Type::Enum => self.last_value(field.type_name().trim_start_matches('.')),
            other => panic!("{}: {other:?} has no place on the wire; amounts are integers", field.name()),
        }
    }

    fn last_value(&self, name: &str) -> u64 {
        let values = &self.enums.get(name).unwrap_or_else(|| panic!("no enum {name}")).value;
        let last = values.iter().map(|value| value.number()).max().expect("an enum has values");
        u64::try_from(last).expect("an enum's values are positive")
    }

    fn message(&self, name: &str) -> &DescriptorProto {
        self.messages.get(name).unwrap_or_else(|| panic!("no message {name}"))
    }
}

fn put_bytes(tag: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
