"""What pages and commands call: graphs and features of many models, with store, progress and cancel."""
