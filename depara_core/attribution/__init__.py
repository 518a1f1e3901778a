"""Attribution: what in the input a layer's feature rests on, by named methods and options."""
