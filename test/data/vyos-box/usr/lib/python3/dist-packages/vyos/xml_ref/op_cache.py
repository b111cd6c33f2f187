from vyos.xml_ref.op_definition import DATA
op_reference = {'show': {'__node_data': {'name': 'show', 'node_type': 'node', 'help_text': None, 'children': [('version', 'leafNode')]}, 'version': {'__node_data': {'name': 'version', 'node_type': 'leafNode', 'children': []}}}}
