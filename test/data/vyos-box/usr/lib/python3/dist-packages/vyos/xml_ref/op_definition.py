DATA = '__node_data'
