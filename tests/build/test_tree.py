def test_x(python):
    assert python
