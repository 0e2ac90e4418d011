"""Writes events.tfevents with TensorBoard's own writer: what our writer must come to, byte for byte.

pip install tensorboard==2.21; python3 make_events.py
"""

import pathlib

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

events = [
    Event(wall_time=1700000000.25, file_version="brain.Event:2"),
    Event(wall_time=1700000000.25, step=1, session_log=SessionLog(status=SessionLog.START)),
    Event(
        wall_time=1700000001.5,
        step=300,
        summary=Summary(
            value=[
                Summary.Value(tag="val/loss", simple_value=0.1),
                Summary.Value(tag="class_iu/Straße <b>", simple_value=0.0),
            ]
        ),
    ),
    Event(
        wall_time=2.0,
        summary=Summary(value=[Summary.Value(tag="learning_rate", simple_value=-2.5e-30)]),
    ),
]
with open(pathlib.Path(__file__).with_name("events.tfevents"), "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
