directories = {'op_mode': '/usr/libexec/vyos/op_mode'}
