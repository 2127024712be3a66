"""The life of a policy: its versions, publishing, the replay of a change, proposals from outcomes."""
