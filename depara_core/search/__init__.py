"""A zoo on disk that can be searched: graphs as points, their projections in a vector index, scores from the graphs."""
