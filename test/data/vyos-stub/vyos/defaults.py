"""Stand-in for vyos.defaults: a group that every machine has, and that is not root's."""
cfg_group = 'daemon'
