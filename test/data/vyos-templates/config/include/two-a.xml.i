<leafNode name="a"><properties><help>A</help></properties></leafNode>
<!-- line ends -->
