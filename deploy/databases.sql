-- PostgreSQL runs this once, on an empty volume: a flood of predictions must not hold up the few rows of control.
CREATE DATABASE telemetry;
CREATE DATABASE control;
CREATE DATABASE mlflow;
