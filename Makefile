# Everything is done by ./run, which also works where there is no make. Arguments: make test ARGS='-k sweep'
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit integration acceptance lock clean
help setup demo test lint unit integration acceptance lock clean:
	@./run $@ $(ARGS)
