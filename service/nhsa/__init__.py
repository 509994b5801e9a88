"""Does an existing HIS connect unchanged? The national 定点医药机构接口, translated into the actions of REST."""
