//! The range assignor: of each topic, members in the order of their ids get runs of partitions, the first ones one more.

use std::collections::BTreeMap;
use weir_pipeline::TopicPartition;
use weir_proto::topics::Topic;

/// What each member gets. `members` is in the order of their ids.
pub(crate) fn range(
    members: &[(String, Vec<Topic>)],
    count: impl Fn(Topic) -> i32,
) -> BTreeMap<String, Vec<TopicPartition>> {
    let mut gets: BTreeMap<String, Vec<TopicPartition>> =
        members.iter().map(|(member, _)| (member.clone(), Vec::new())).collect();
    let mut topics: Vec<Topic> = members.iter().flat_map(|(_, topics)| topics.iter().copied()).collect();
    topics.sort_unstable();
    topics.dedup();
    for topic in topics {
        let wanting: Vec<&String> = members.iter().filter(|(_, of)| of.contains(&topic)).map(|(m, _)| m).collect();
        let (each, over) = (count(topic) / wanting.len() as i32, count(topic) % wanting.len() as i32);
        let mut next = 0;
        for (place, member) in wanting.into_iter().enumerate() {
            let share = each + i32::from((place as i32) < over);
            if let Some(list) = gets.get_mut(member) {
                list.extend((next..next + share).map(|number| TopicPartition::new(topic, number)));
            }
            next += share;
        }
    }
    gets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_get_one_more_and_topics_stay_side_by_side() {
        let both = vec![Topic::Orders, Topic::Routes];
        let members = [("a".to_owned(), both.clone()), ("b".to_owned(), both)];
        let gets = range(&members, |_| 3);
        let numbers = |member: &str| gets[member].iter().map(|at| at.partition).collect::<Vec<_>>();
        assert_eq!((numbers("a"), numbers("b")), (vec![0, 1, 0, 1], vec![2, 2]));
    }

    #[test]
    fn more_members_than_partitions_leave_some_without() {
        let members: Vec<_> = ["a", "b", "c"].map(|m| (m.to_owned(), vec![Topic::Orders])).into();
        assert!(range(&members, |_| 2)["c"].is_empty());
    }
}
