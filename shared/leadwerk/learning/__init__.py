"""How a model learns from matured landmarks: split by time, fit, calibrate, evaluate, decide.

All of it is pure: values in, values out; the same landmarks and the same seed give the same model.
"""
