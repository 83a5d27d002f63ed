"""Every guard, how it is switched off, and the test named for it. docs/guards.md shows the same.

The words are those of the code: when they change there, `tests/docs/test_guards.py` says so.
"""

from tests.guards.guard import Guard

_RAISES = "Failed"  # pytest's own: the test expects an error, and none is raised

_STORE = "tests/contract/test_view_store.py"
_PROJECTOR = "tests/unit/test_projector.py"
_TRANSACTIONS = "tests/integration/test_kafka_transactions.py"
_UNDECIDED = "tests/e2e/test_undecided.py"
_OVERLAP = (
    "tests/unit/test_projector_overlap.py::"
    "test_the_view_is_the_fold_of_its_log_however_slow_the_store"
)
_LOADER = "tests/unit/consumers/test_loader.py"
_WAREHOUSE = "tests/contract/test_warehouse.py"
_RETRIES = "tests/unit/replay/test_retries.py"
_SINK_RETRIES = "tests/unit/consumers/test_retry_loader.py"
_HOLDING = "tests/unit/test_holding.py"
_OUTBOX = "tests/integration/outbox/test_outbox_identity.py"

GUARDS: tuple[Guard, ...] = (
    # one writer per view partition
    Guard(
        "claim",
        "whoever claimed a view partition before can write no more",
        "backbone/views/redis_scripts.py",
        (("if held ~= ARGV[1] then", "if false then"),),
        f"{_STORE}::test_a_claim_fences_the_predecessor_and_a_stale_write_changes_nothing[redis]",
        _RAISES,
    ),
    Guard(
        "claim (memory)",
        "the same, of the memory twin",
        "backbone/views/memory_store.py",
        (("if stored.claim != token:", "if False:"),),
        f"{_PROJECTOR}::test_a_worker_whose_partition_was_claimed_by_another_writes_nothing",
        _RAISES,
    ),
    Guard(
        "stored offset",
        "a part is written only behind the part before it, and never twice",
        "backbone/views/redis_scripts.py",
        (("if offset ~= ARGV[2] then", "if false then"),),
        f"{_STORE}::"
        "test_another_offset_than_the_expected_one_is_a_wiped_store_and_changes_nothing[redis]",
        _RAISES,
    ),
    Guard(
        "offset-cut parts",
        "a batch that was half written goes on where it stopped",
        "processors/folding.py",
        (("yield _Stretch(change.place, last)", "yield _Stretch(end, last)"),),
        "tests/unit/test_half_written_batch.py::"
        "test_the_next_worker_goes_on_behind_the_part_that_was_written[fold]",
    ),
    Guard(
        "offset-cut parts (columnar)",
        "the same, where a batch is decoded in columns",
        "processors/latest.py",
        (
            (
                "return [*(places[each.start] for each in stretches[1:]), end]",
                "return [end for _ in stretches]",
            ),
        ),
        "tests/unit/test_half_written_batch.py::"
        "test_the_next_worker_goes_on_behind_the_part_that_was_written[latest]",
    ),
    Guard(
        "Redis run id",
        "a store that restarted is claimed again, whatever it has kept",
        "processors/projector.py",
        (("self._store.writer.run_id() != held.run_id", "False"),),
        "tests/contract/test_projector_on_redis.py::"
        "test_a_store_that_restarted_is_claimed_again_although_it_has_kept_everything",
    ),
    Guard(
        "rebuild border",
        "an older copy of the store is not served as current",
        "processors/projector.py",
        (("if status is None or status.offset < known:", "if status is None:"),),
        "tests/unit/test_projector_healing.py::"
        "test_an_older_copy_is_not_served_as_current_until_it_is_healed",
    ),
    Guard(
        "noeviction",
        "a store that may drop entries is refused at start",
        "backbone/views/redis_store.py",
        (('if policy != "noeviction":', "if False:"),),
        "tests/contract/test_view_store_on_redis.py::"
        "test_a_store_that_may_drop_keys_is_refused_at_start",
        _RAISES,
    ),
    # what a view takes
    Guard(
        "order version",
        "an older fact that comes later changes nothing",
        "processors/folding.py",
        (("if before is not None and version <= before.version:", "if False:"),),
        f"{_PROJECTOR}::test_an_older_price_in_a_later_batch_is_superseded",
    ),
    Guard(
        "order version (columnar)",
        "the same, where a batch is decoded in columns",
        "processors/latest.py",
        (("if version <= highest[key]:", "if False:"),),
        "tests/unit/test_latest.py::"
        "test_every_part_leaves_the_view_as_facts_one_by_one_would[0-seen_at]",
    ),
    Guard(
        "order version (behind)",
        "the same, of a batch that stands behind all that is stored",
        "processors/latest.py",
        (("if version < highest[key]:", "if False:"),),
        "tests/unit/test_latest.py::"
        "test_a_batch_behind_all_that_is_stored_is_what_its_facts_one_by_one_are[0-seen_at]",
    ),
    Guard(
        "parts on their way",
        "a batch is worked out on top of what is sent and not acknowledged yet",
        "processors/stored.py",
        (("for part in self.coming:", "for part in ():"),),
        "tests/unit/test_latest.py::test_parts_on_their_way_count_more_than_what_the_store_holds",
    ),
    Guard(
        "polled ahead",
        "what was polled ahead of a commit that failed is not published",
        "backbone/source_runner.py",
        (("shard.ahead = []  # it goes", "pass  # it goes"),),
        "tests/unit/test_source_runner.py::"
        "test_what_was_polled_ahead_of_a_commit_that_failed_is_not_published",
    ),
    Guard(
        "behind the last",
        "nothing is polled behind a batch that has nothing behind it yet: it would be asked again "
        "before the batch was committed",
        "backbone/look_ahead.py",
        (("if batch.empty or batch.wait_seconds:", "if False:"),),
        "tests/unit/test_look_ahead.py::"
        "test_nothing_is_asked_behind_a_batch_that_is_the_last_for_now",
    ),
    Guard(
        "vouched for",
        "what the engine read of a JSON object is written only where it is all that was there",
        "backbone/codec/json_objects.py",
        (("(given_text == written).fill_null(value=False)", "given_text.is_not_null()"),),
        "tests/unit/codec/test_column_writer.py::"
        "test_what_the_engine_reads_laxly_is_in_doubt[text_twice]",
    ),
    Guard(
        "rules in columns",
        "a row that breaks a rule of its contract is not written",
        "backbone/codec/written_columns.py",
        (("return self.value.is_in(list(bad)) if bad else None", "return None"),),
        "tests/unit/codec/test_column_writer.py::"
        "test_an_odd_row_alone_is_written_as_the_walk_writes_it_or_left_to_it",
    ),
    Guard(
        "remembered versions",
        "what the one writer of a partition wrote itself it knows, although it does not read it",
        "processors/projector.py",
        (("for part in worked_out if self._latest else ():", "for part in ():"),),
        f"{_OVERLAP}[0-0.0-columns-latest]",
    ),
    Guard(
        "known keys",
        "a key that is new gets into the index",
        "processors/latest.py",
        (("for text, version in versions.items() if version}", "for text in versions}"),),
        f"{_OVERLAP}[0-0.0-columns-latest]",
    ),
    Guard(
        "murmur2",
        "a record in a partition that its key does not belong to is parked",
        "processors/record_key.py",
        (("if belongs != partition:", "if False:"),),
        f"{_PROJECTOR}::test_a_record_in_a_partition_that_its_key_does_not_belong_to_is_poison",
    ),
    Guard(
        "murmur2 (many at once)",
        "so it is where the keys of a batch are hashed all at once",
        "processors/record_key.py",
        ((" == {partition}:", " != {-1}:"),),
        f"{_PROJECTOR}::test_so_it_is_among_many_that_are_read_at_once",
    ),
    Guard(
        "columnar guards",
        "no damaged payload shifts its neighbours when many are decoded at once: the columns "
        "around it and its own length, either of which is enough",
        "backbone/codec/columnar_engine.py",
        (("return frame if intact else None", "return frame"), ("if doubtful:", "if False:")),
        "tests/unit/codec/test_columnar_engine.py::"
        "test_what_one_fact_lost_and_the_next_has_too_much_is_found",
    ),
    Guard(
        "dead letters first",
        "a position moves only once its dead letters are acknowledged",
        "backbone/kafka/publisher.py",
        (("left = producer.flush(_CALL_SECONDS)", "left = 0"),),
        f"{_TRANSACTIONS}::test_an_append_that_was_not_acknowledged_does_not_pass_for_done",
        _RAISES,
    ),
    Guard(
        "poison storm",
        "when most of a large batch is poison the worker stops and parks nothing",
        "backbone/middleware/dead_letters.py",
        (("_refuse_systemic(processor, batch, outcomes)\n                appender", "appender"),),
        "tests/unit/test_runner.py::"
        "test_when_most_of_a_large_batch_is_poison_it_stops_and_parks_nothing",
        _RAISES,
    ),
    Guard(
        "assignment",
        "what was fetched before a partition changed hands is dropped",
        "backbone/runner.py",
        (("return self._owned.get(partition) == assignment", "return True"),),
        "tests/unit/test_runner.py::"
        "test_work_that_was_fetched_before_a_partition_changed_hands_is_dropped",
    ),
    # the log
    Guard(
        "topic id",
        "a view built from a topic that was created again is refused",
        "processors/projector.py",
        (("if status is not None and status.topic_id != topic_id:", "if False:"),),
        "tests/unit/test_recreated_topic.py::"
        "test_a_view_is_not_built_on_from_another_topic_of_the_same_name",
        _RAISES,
    ),
    Guard(
        "topic id (reading)",
        "a topic that is created again under a reader ends it",
        "backbone/kafka/group.py",
        (("if self._known is not None and found != self._known:", "if False:"),),
        "tests/contract/test_log.py::"
        "test_a_topic_deleted_and_created_again_under_a_reader_is_fatal[kafka]",
    ),
    Guard(
        "no silent jump",
        "an offset that is gone is an error, and no other one is read instead",
        "backbone/kafka/config.py",
        (('"auto.offset.reset": "error"', '"auto.offset.reset": "earliest"'),),
        "tests/contract/test_log.py::"
        "test_an_offset_beyond_the_log_is_fatal_and_never_a_silent_jump[kafka]",
    ),
    Guard(
        "read committed",
        "facts of an aborted transaction reach no view",
        "backbone/kafka/config.py",
        (('"isolation.level": "read_committed"', '"isolation.level": "read_uncommitted"'),),
        f"{_TRANSACTIONS}::test_facts_of_an_aborted_transaction_reach_no_view[KafkaSubscription]",
    ),
    Guard(
        "no silent jump (batches)",
        "the same, where records are read by whole batches",
        "backbone/kafka/fetch/subscription.py",
        (("if fetched.error == OFFSET_OUT_OF_RANGE:", "if False:"),),
        "tests/contract/test_log.py::"
        "test_an_offset_beyond_the_log_is_fatal_and_never_a_silent_jump[kafka by whole batches]",
    ),
    Guard(
        "read committed (batches)",
        "of transactions that overlap those that were aborted reach nobody",
        "backbone/kafka/fetch/record_batches.py",
        (("and batch.producer_id in aborting", "and batch.producer_id in ()"),),
        f"{_TRANSACTIONS}::test_of_transactions_that_overlap_the_committed_ones_are_read",
    ),
    Guard(
        "moved meanwhile",
        "what was asked for before a partition was moved is not taken for what is asked for now",
        "backbone/kafka/fetch/fetcher.py",
        (
            (
                "if self._next.get(partition) == asked.offsets[partition]",
                "if partition in self._next",
            ),
        ),
        "tests/contract/test_log.py::"
        "test_a_rewound_partition_delivers_again_from_there[kafka by whole batches]",
    ),
    Guard(
        "record lengths",
        "no damaged record shifts its neighbours when a record batch is read at once",
        "backbone/codec/record_columns.py",
        (("return frame if vouched and whole else None", "return frame"),),
        "tests/unit/codec/test_record_columns.py::"
        "test_damaged_records_are_never_vouched_for_as_others",
    ),
    Guard(
        "handed over before closing",
        "a member has no partition any more when its client closes",
        "backbone/kafka/group.py",
        (("while consumer.assignment() and", "while False and"),),
        "tests/unit/test_assignment.py::test_who_leaves_hands_over_before_the_client_closes",
    ),
    # facts enter
    Guard(
        "transactional fence",
        "a source that was overtaken publishes no more",
        "backbone/kafka/publisher.py",
        (
            (
                "config.transactional(base, transactional_id)",
                'config.transactional(base, f"{transactional_id}-{id(self)}")',
            ),
        ),
        f"{_TRANSACTIONS}::test_a_publisher_that_was_overtaken_in_mid_work_is_fenced",
    ),
    Guard(
        "cursor read after init",
        "a source goes on behind everything that its predecessor published",
        "backbone/kafka/publisher.py",
        (
            (
                "        self.close()\n        self._connection = _Connection()\n",
                """        self.close()
        early = KafkaReader(self._base).newest(self._cursor_topic, self._shard)
        self._connection = _Connection()
""",
            ),
            ("return reader.newest(self._cursor_topic, self._shard)", "return early"),
        ),
        f"{_TRANSACTIONS}::test_a_cursor_is_still_the_last_one_when_its_reader_begins_to_publish",
    ),
    Guard(
        "undecided",
        "what Kafka calls complete and left undecided is aborted before a source goes on",
        "backbone/kafka/publisher.py",
        (("            self._abort_undecided(self._producer)\n", ""),),
        f"{_UNDECIDED}::test_a_transaction_that_kafka_left_undecided_is_aborted_before_the_next",
    ),
    Guard(
        "cut off",
        "a publisher whose broker was away looks whether its last commit has lasted",
        "backbone/kafka/publisher.py",
        (("if not self._connection.lost:", "if True:"),),
        f"{_UNDECIDED}::test_a_publisher_whose_broker_was_away_looks_whether_all_is_decided",
        _RAISES,
    ),
    Guard(
        "cut off (idle)",
        "the same, where the source has nothing to publish",
        "backbone/source_runner.py",
        (("            self._check(shard)\n", ""),),
        "tests/unit/test_source_runner.py::"
        "test_an_idle_source_is_opened_again_where_its_last_commit_may_not_have_lasted",
    ),
    Guard(
        "unknown outcome",
        "after a commit whose answer was lost the cursor is read again",
        "backbone/source_runner.py",
        (
            (
                "rejects)\n        except Transient:\n            self._discard(shard)\n",
                "rejects)\n        except Transient:\n",
            ),
        ),
        "tests/unit/test_source_runner.py::"
        "test_a_commit_of_unknown_outcome_publishes_nothing_twice",
    ),
    Guard(
        "owner rule",
        "a fact from another than its system of record is turned away",
        "backbone/source_messages.py",
        (("if fact.envelope.source != contract.system_of_record:", "if False:"),),
        "tests/unit/test_source_runner.py::test_a_fact_of_a_foreign_system_of_record_is_refused",
    ),
    Guard(
        "database identity",
        "another database than the cursor's stops the relay",
        "producers/outbox/source.py",
        (("if at.identity != seen.identity:", "if False:"),),
        f"{_OUTBOX}::test_a_cursor_of_another_timeline_is_refused",
        _RAISES,
    ),
    Guard(
        "database gone back",
        "a database put back from a copy of its files stops the relay",
        "producers/outbox/source.py",
        (("if seen.now.xmax < at.old.xmax:", "if False:"),),
        f"{_OUTBOX}::test_a_database_put_back_from_a_copy_of_its_files_is_noticed",
        _RAISES,
    ),
    Guard(
        "snapshot window",
        "a row that commits behind a later position is not lost",
        "producers/outbox/database.py",
        (("       OR tx_id = ANY(%(ended)s::xid8[]))", "      )"),),
        "tests/integration/outbox/test_outbox_schedules.py::"
        "test_a_row_that_commits_behind_a_later_position_is_not_lost",
    ),
    Guard(
        "append only",
        "a row of the outbox cannot be changed once it is written",
        "producers/outbox/table.py",
        (("BEFORE UPDATE ON {table}", "BEFORE TRUNCATE ON {table}"),),
        "tests/integration/outbox/test_outbox_database.py::"
        "test_a_row_cannot_be_changed_once_it_is_written",
        _RAISES,
    ),
    # every fact in the warehouse once
    Guard(
        "pending range",
        "an insert that a crash left unknown is formed again, and no other in its place",
        "consumers/clickhouse/loader.py",
        (("self._keep(partition, held, Note(held.topic_id, head.pending))", "pass"),),
        f"{_LOADER}::test_a_kill_between_insert_and_commit_leaves_nothing_twice_in_store",
    ),
    Guard(
        "insert token",
        "the same records are inserted with the same token",
        "consumers/clickhouse/segments.py",
        (
            (
                "Block(self.tables[kind], token, rows)",
                "Block(self.tables[kind], f'{id(self)}', rows)",
            ),
        ),
        f"{_LOADER}::test_a_kill_between_insert_and_commit_leaves_nothing_twice_in_store",
    ),
    Guard(
        "token of a table",
        "a table that has taken an insert takes none with its token",
        "backbone/warehouse/clickhouse_store.py",
        (('"insert_deduplication_token": block.token,', ""),),
        f"{_WAREHOUSE}::test_a_token_that_came_before_inserts_nothing[clickhouse]",
    ),
    Guard(
        "rows by log position",
        "a row that is stored twice is one in the view",
        "backbone/warehouse/table.py",
        ((" FINAL", ""),),
        f"{_WAREHOUSE}::test_rows_that_came_twice_are_one_in_the_view[clickhouse]",
    ),
    Guard(
        "group's fence",
        "who has lost a partition moves no offset there",
        "backbone/kafka/group_offsets.py",
        (("if partition not in self._ours:", "if False:"),),
        "tests/contract/test_log.py::test_who_has_lost_a_partition_commits_nothing_there[kafka]",
        _RAISES,
    ),
    Guard(
        "excluded",
        "what went to the dead letters before a crash is no row after it",
        "consumers/clickhouse/segments.py",
        (("if batch.offsets[place] not in known]", "if True]"),),
        f"{_LOADER}::test_what_was_parked_before_a_kill_is_no_row_after_it",
    ),
    Guard(
        "topic id (warehouse)",
        "a table is not filled on from another topic of the same name",
        "consumers/clickhouse/loader.py",
        (("if known != topic_id:", "if False:"),),
        f"{_LOADER}::test_a_topic_that_was_created_again_stops_the_loader",
    ),
    Guard(
        "warehouse gone back",
        "a warehouse that lacks what was loaded is healed from the log",
        "consumers/clickhouse/loader.py",
        (("if reached < offset:", "if False:"),),
        f"{_LOADER}::test_a_warehouse_that_was_emptied_is_healed_from_the_log",
    ),
    Guard(
        "time-outs",
        "whoever waits longer learns the outcome of whoever waits shorter",
        "backbone/timeouts.py",
        (("raise Misconfigured(", "Misconfigured("),),
        "tests/unit/test_timeouts.py::"
        "test_a_wrong_order_is_refused_with_every_pair_that_is_wrong[2]",
        _RAISES,
    ),
    # what is tried again
    Guard(
        "retries ahead",
        "a fold is not given a retry that its log has yet to bring",
        "backbone/replay/originals.py",
        (("_below(_offsets(marks, begins), below)", "_offsets(marks, begins)"),),
        f"{_RETRIES}::test_what_stands_ahead_of_the_view_is_the_log_s_own_to_bring",
    ),
    Guard(
        "retries told once stored",
        "no retry is told of before the store has acknowledged it",
        "backbone/replay/retries.py",
        (("insist(lambda: self._owner.settle(partition))", "insist(lambda: None)"),),
        f"{_RETRIES}::test_nothing_is_told_that_the_store_has_not_said_is_written",
        _RAISES,
    ),
    Guard(
        "retries read ahead",
        "what was read ahead is dropped with its partition, for it is its next owner's",
        "backbone/replay/retries_coming.py",
        (
            ("if each.partition != partition]", "if True]"),
            ("self._waiting.pop(partition, None)", "pass"),
        ),
        f"{_RETRIES}::"
        "test_what_was_read_ahead_is_the_next_owners_once_the_partition_is_handed_over",
    ),
    Guard(
        "packs as a whole",
        "an owner goes on behind a pack only once every retry in it was told of",
        "backbone/replay/outcomes.py",
        (("next_offset if last else start", "next_offset"),),
        f"{_RETRIES}::test_an_owner_that_dies_while_it_tells_of_a_pack_tells_of_all_of_it_again",
    ),
    Guard(
        "retries of a minute",
        "what a store may have lost with its last moments is tried again",
        "backbone/replay/retries.py",
        (("_MAY_BE_LOST_SECONDS = 60.0", "_MAY_BE_LOST_SECONDS = -1.0"),),
        f"{_RETRIES}::test_what_a_store_that_came_back_as_an_older_copy_lacks_is_tried_again",
    ),
    Guard(
        "refused retries",
        "a retry that the store refused is not taken for written by what stands behind it",
        "backbone/views/part.py",
        (("if known and (moves or nothing):", "if known:"),),
        "tests/contract/test_view_store.py::"
        "test_entries_that_move_no_offset_are_not_taken_for_written_by_what_moved_it[memory]",
        _RAISES,
    ),
    Guard(
        "retried rows once",
        "what a sink tries again is no row twice, whatever was told of it",
        "consumers/clickhouse/judging.py",
        (("there = reader.present(tables.tables[kind], where, offsets)", "there = frozenset()"),),
        f"{_SINK_RETRIES}::"
        "test_killed_behind_the_insert_it_is_found_there_though_the_token_is_forgotten",
    ),
    Guard(
        "token of a retry",
        "a later retry is another insert, which no table takes for one that came before",
        "consumers/clickhouse/retry_loader.py",
        (
            (
                'f"retry-{retries.topic_id}-{retries.partition}-{first}-{last}-{what}"',
                'f"retry-{what}"',
            ),
        ),
        f"{_SINK_RETRIES}::"
        "test_a_row_that_went_from_the_table_comes_back_within_the_window_of_tokens",
    ),
    Guard(
        "retries while building",
        "retries wait until their view has read its log",
        "processors/projector.py",
        (("or held.wiped or held.reached.rebuilding", "or held.wiped"),),
        f"{_RETRIES}::test_while_a_view_is_built_retries_wait",
    ),
    Guard(
        "holding",
        "a strict fold applies nothing of a key behind its dead letter",
        "processors/holding.py",
        (("return bool(offsets) and offsets[0] < ", "return False and offsets[0] < "),),
        f"{_HOLDING}::test_what_follows_a_dead_letter_waits_for_it_and_is_applied_behind_it",
    ),
    Guard(
        "held with its part",
        "what is held is stored with the offset that passes it",
        "processors/holding.py",
        (("else bisect_right(ends, offset)]", "else -1]"),),
        f"{_HOLDING}::"
        "test_of_a_batch_that_is_half_written_what_is_held_is_there_before_the_offset_moves",
    ),
    Guard(
        "released with the last part",
        "what was held is forgotten once all that was tried again is stored",
        "processors/holding.py",
        (("shares[-1 if again", "shares[0 if again"),),
        f"{_HOLDING}::test_of_retries_that_are_half_written_nothing_is_forgotten_before_all_are",
    ),
    Guard(
        "held at a takeover",
        "a new owner knows what is held",
        "processors/projector.py",
        (("return Hold(stored, passes_over(self._view))", "return Hold({}, frozenset())"),),
        f"{_HOLDING}::test_a_new_owner_holds_on_and_releases",
    ),
    Guard(
        "mended once",
        "a reject that became a fact publishes nothing again",
        "backbone/replay/mending.py",
        (("if place not in settled:", "if True:"),),
        "tests/unit/replay/test_mending.py::test_asked_twice_nothing_is_published_twice",
    ),
    Guard(
        "ramp",
        "after a failure a run sends nothing more",
        "backbone/replay/ramp.py",
        (("if self.stopped:", "if False:"),),
        "tests/unit/replay/test_ramp.py::test_a_failure_stops_it_and_a_wrong_fix_is_stopped_within_one_in_a_hundred",
    ),
    # contracts
    Guard(
        "rules across fields",
        "a row that breaks a rule of several fields becomes no fact",
        "backbone/contracts/straight.py",
        (("for rule in cross_rules(shape):", "for rule in ():"),),
        "tests/unit/codec/test_cross_rules.py::"
        "test_a_row_that_breaks_a_rule_is_refused_by_name[row6-wrong6]",
        _RAISES,
    ),
    Guard(
        "rules across fields (walk)",
        "the same, where the walk decides",
        "backbone/contracts/cross_rules.py",
        (("if not rules:", "if True:"),),
        "tests/unit/codec/test_cross_rules.py::"
        "test_straight_code_takes_what_the_walk_takes_and_nothing_else[row6-wrong6]",
        _RAISES,
    ),
    Guard(
        "contract drift",
        "nothing is published with a contract that the registry no longer has",
        "backbone/registry/agreement.py",
        (("if drifted:", "if False:"),),
        "tests/unit/registry/test_contract_watch.py::"
        "test_no_transaction_begins_with_a_drifted_fact",
        _RAISES,
    ),
)
