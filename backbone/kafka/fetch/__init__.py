"""Reading a topic by whole record batches: no object is made of a record that nobody looks at.

confluent-kafka hands over one object per message, and taking them apart costs more than anything
that follows. Here a fetch's bytes go to the columnar engine as they are. aiokafka does the talking:
connections, authentication, metadata, the protocol's requests. Groups stay with confluent-kafka.
"""
