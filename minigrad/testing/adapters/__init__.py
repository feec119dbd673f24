"""What a check takes: functions of tensors, Modules, NumPy pairs, layer objects, PyTorch functions."""
