"""The tables of cases.sqlite, the simulated CRM's own database; times in UTC microseconds."""

FILE = "cases.sqlite"
STATUS_NEW = "Neu"
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE leads (lead_id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, form TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, lead_id TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT, amount REAL, touchpoint TEXT
);
CREATE INDEX changes_at ON changes (at);
CREATE INDEX changes_lead ON changes (lead_id, at);
CREATE TABLE patches (key TEXT PRIMARY KEY, lead_id TEXT NOT NULL, fields TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE custom_fields (lead_id TEXT PRIMARY KEY, fields TEXT NOT NULL, score INTEGER) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
